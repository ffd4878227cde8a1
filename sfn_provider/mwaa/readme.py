"""Writes the README.md of a bundle: permissions, upload, configuration."""

from __future__ import annotations

from collections.abc import Sequence
from string import Template
from typing import Final

from sfn_provider import __version__
from sfn_provider.mwaa.dag_files import DagFile
from sfn_provider.mwaa.images import Image

_TEXT: Final = Template("""# airflow-provider-sfn $version for Amazon MWAA, Airflow $airflow

| File | What |
|---|---|
| `plugins.zip` | the package as modules, and as wheels: $wheels |
| `requirements.txt` | makes MWAA install these wheels, by path and digest$index |
| `policy.json` | what the environment's execution role must be allowed |
$dags
## 1. Allow

Attach `policy.json` to the environment's execution role. It lists every action that $users, on the
resources that they name. The command has a warning, IAM_WILDCARD, for each `"*"` among the resources that you can
replace by ARNs; another `"*"` has to stay, as IAM knows no resources of its actions.

```
aws iam put-role-policy --role-name ROLE --policy-name sfn-provider --policy-document file://policy.json
```

## 2. Upload

Put your own names in the first line. The bucket is the environment's; its versioning is on.

```
BUCKET=my-bucket ENVIRONMENT=my-environment
version() { aws s3api head-object --bucket "$$BUCKET" --key "$$1" --query VersionId --output text; }
aws s3 cp plugins.zip "s3://$$BUCKET/plugins.zip"
aws s3 cp requirements.txt "s3://$$BUCKET/requirements.txt"
${sync}aws mwaa update-environment --name "$$ENVIRONMENT" \\
    --plugins-s3-path plugins.zip --plugins-s3-object-version "$$(version plugins.zip)" \\
    --requirements-s3-path requirements.txt --requirements-s3-object-version "$$(version requirements.txt)"
```

Where the environment has files of these names already, put the contents together first: add the entries of this
plugins.zip, `.airflowignore` among them, to yours, and these lines to your requirements.txt. MWAA restarts the
environment, which takes some 20 minutes.

## 3. Set

No option has to be set. These help:

- `operators.default_deferrable = True`: operators wait in the triggerer, without a worker, where a DAG says nothing
  else.
- `sfn_provider.waiting`: where the tasks of translated machines wait. Its default `defer` takes a triggerer, which MWAA
  runs unless its count is set to 0; `block` waits in the worker.
- `core.lazy_load_plugins` may keep its default: the wheel needs no plugin for operators, links or triggers.

## 4. Look

The log group of the scheduler has a stream `requirements_install_...`: it ends with `Successfully installed`. The page
Admin > Providers of the environment's web server lists `airflow-provider-sfn`.
""")


def render_readme(image: Image, dags: Sequence[DagFile], wheels: Sequence[str], *, offline: bool) -> str:
    """Render the README.md.

    Args:
        image: the version of MWAA.
        dags: the DAG files that go with it.
        wheels: the names of the wheels in plugins.zip.
        offline: whether the environment installs without an index.
    """
    named = ", ".join(f"`{dag.path.name}`" for dag in dags)
    return _TEXT.substitute(
        version=__version__,
        airflow=image.airflow_version,
        wheels=", ".join(f"`{name.split('-')[0]}`" for name in wheels),
        index=" without a package index" if offline else ", and the rest from the package index",
        sync='aws s3 cp --recursive dags "s3://$BUCKET/dags"\n' if dags else "",
        dags=f"| `dags/` | {named} |\n" if dags else "",
        users="these DAGs use"
        if dags
        else "this package's classes for Step Functions use, over all of their arguments",
    )
