# Everything a contributor needs, from a fresh clone with Python 3.11 or newer, make and git.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

# Without compiled modules every import of Airflow takes three times as long.
unexport PYTHONDONTWRITEBYTECODE
# As pip does: trust what the machine trusts.
export UV_SYSTEM_CERTS := true

.PHONY: help demo docs wheel sbom test test-docs test-install test-quick test-matrix oldest-environments test-oldest serverless-env test-serverless test-mwaa test-amazon test-recordings properties lint format golden aws-models bench bench-maps compare-corpus constraints clean

help:  ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(INSTALLED)  ## Drive the sales pipeline from a DAG, run it both ways, on five routes, in both styles of DAG, and compare
	@mkdir -p build
	$(BIN)/sfn-provider serve SalesPipeline=dags/sales_pipeline.asl.json --mock dags/sales_pipeline.mocks.json#QualityPasses \
		--time virtual --port 0 --dag dags/start_sales_pipeline.py
	$(BIN)/sfn-provider compare dags/sales_pipeline.asl.json \
		--input @dags/sales_pipeline.input.json --mock dags/sales_pipeline.mocks.json \
		--schedule 'cron(0 2 * * ? *)' --output build/sales_pipeline.py --html build/sales_pipeline.html
	$(BIN)/sfn-provider translate dags/sales_pipeline.asl.json --style native --input @dags/sales_pipeline.input.json \
		--schedule 'cron(0 2 * * ? *)' --output build/sales_pipeline_native.py --report
	$(BIN)/sfn-provider compare dags/sales_pipeline.asl.json --dag-file build/sales_pipeline_native.py \
		--input @dags/sales_pipeline.input.json --mock dags/sales_pipeline.mocks.json || test $$? -eq 1
	@echo 'The native DAG differs where its report says so: RESULT_PARTS, CheckDataQuality is given the job run without the'
	@echo 'members that the operator does not return. The DAG in the exact style, build/sales_pipeline.py, does the same in all.'

docs: $(INSTALLED)  ## Build the documentation into build/site; a warning, or a link that leads nowhere, is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo 'build/site/index.html'

wheel: $(INSTALLED)  ## Build the wheel and the source distribution into dist; REPOSITORY_URL=https://... for the addresses in their metadata
	@rm -rf dist && mkdir -p build
	REPOSITORY_URL=$(REPOSITORY_URL) $(BIN)/python -m build --installer uv --outdir dist . > build/wheel.log 2>&1 || { cat build/wheel.log; exit 1; }
	@ls dist/*

sbom: $(INSTALLED)  ## Write what the wheel depends on into dist/sbom.cdx.json (CycloneDX), at the exact versions of constraints.txt
	@mkdir -p build dist
	$(BIN)/uv pip compile pyproject.toml --constraint constraints.txt --universal --python-version 3.11 --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --quiet --output-file build/requirements.txt
	$(BIN)/uv venv --quiet --allow-existing build/sbom
	$(BIN)/uv pip install --quiet --python build/sbom --constraint constraints.txt --group sbom
	build/sbom/bin/cyclonedx-py requirements build/requirements.txt --pyproject pyproject.toml --mc-type library --output-reproducible \
		--output-format JSON --output-file dist/sbom.cdx.json

test: $(INSTALLED)  ## Run the tests
	$(BIN)/python -m pytest

test-quick: $(INSTALLED)  ## Run the tests that need no Airflow
	SFN_PROVIDER_QUICK_TESTS=1 $(BIN)/python -m pytest -m "not airflow"

test-matrix: $(INSTALLED)  ## Run the tests on every version of Amazon MWAA: PINS=FOLDER VERSIONS="2.10.3 3.0.6"
	$(BIN)/python -m tests.matrix.environments $(if $(PINS),--pins $(PINS)) $(VERSIONS)
	SFN_PROVIDER_MATRIX="$(VERSIONS)" $(BIN)/python -m pytest tests/matrix --numprocesses 0 -v -rP

OLDEST := 2.10.3 3.0.6
OLDEST_MADE := build/matrix/.oldest
$(OLDEST_MADE): $(INSTALLED) $(wildcard tests/matrix/*.py tests/matrix/pins/*) $(shell find sfn_provider -type f ! -name '*.pyc')
	$(BIN)/python -m tests.matrix.environments --any-python --pins tests/matrix/pins $(OLDEST)
	@touch $@

oldest-environments: $(OLDEST_MADE)  ## Make the environments of test-oldest, where the package is newer than they are

SERVERLESS_MADE := build/serverless/.made
$(SERVERLESS_MADE): $(INSTALLED) tests/matrix/serverless_environment.py tests/matrix/pins/3.0.6.txt
	$(BIN)/python -m tests.matrix.serverless_environment
	@touch $@

serverless-env: $(SERVERLESS_MADE)  ## Make the environment that runs workflows of MWAA Serverless: Airflow 3.0.6, dag-factory

test-serverless: $(SERVERLESS_MADE)  ## Run workflows of MWAA Serverless by dag-factory against the engine
	SFN_PROVIDER_SERVERLESS=1 $(BIN)/python -m pytest tests/compare/serverless --numprocesses 0 -rs

test-oldest: $(OLDEST_MADE)  ## Run the tests that Airflow can break on the oldest of its versions 2 and 3
	SFN_PROVIDER_MATRIX="$(OLDEST)" SFN_PROVIDER_MATRIX_TESTS=sensitive \
		$(BIN)/python -m pytest tests/matrix -rsP

MWAA_VERSIONS = $(or $(VERSIONS),2.10.3 3.3.1)
test-mwaa: $(INSTALLED)  ## Run the tests in whole environments as Amazon MWAA runs them: PINS=FOLDER VERSIONS="2.10.3 3.3.1"
	$(BIN)/python -m tests.mwaa_environment.environments $(if $(PINS),--pins $(PINS)) $(MWAA_VERSIONS)
	SFN_PROVIDER_MWAA="$(MWAA_VERSIONS)" $(BIN)/python -m pytest tests/mwaa_environment --numprocesses 0 -v -s

test-attack: $(INSTALLED)  ## Attack with 50,000 mutated definitions and hundreds of bombs: MUTATIONS=1000; goes on where it was interrupted
	$(if $(MUTATIONS),MUTATIONS=$(MUTATIONS)) $(BIN)/python -m tests.attack
	SFN_PROVIDER_ATTACK=1 $(BIN)/python -m pytest tests/attack --numprocesses 0 -rs

test-amazon: $(INSTALLED)  ## Run the amazon provider's own tests of Step Functions against this package; needs the package index
	$(BIN)/python -m tests.amazon_provider

test-recordings: $(INSTALLED)  ## Replay all recorded executions of AWS, where they stand beside the project; make test does some
	SFN_PROVIDER_ALL_RECORDINGS=1 $(BIN)/python -m pytest tests/compare/replay/test_recordings.py \
		tests/server/test_recordings.py --numprocesses 0

EXAMPLES := 300
PROPERTIES = tests/property $(shell grep -rl hypothesis_examples --include='test_*.py' tests/asl tests/engine tests/server tests/translate) \
	tests/compare/test_mutated_translations.py
properties: $(INSTALLED)  ## Try many random machines on the engine and as DAGs, others each time, and all edits of emitted DAGs: EXAMPLES=300
	SFN_PROVIDER_PROPERTY_EXAMPLES=$(EXAMPLES) SFN_PROVIDER_ALL_MUTATIONS=1 \
		$(BIN)/python -m pytest $(PROPERTIES) --numprocesses 0 -v

test-docs: $(INSTALLED)  ## Run every command of the documentation that needs neither AWS nor the network
	SFN_PROVIDER_ALL_EXAMPLES=1 $(BIN)/python -m pytest tests/docs tests/mcp_server --numprocesses 0 -v

PYTHONS := 3.11 3.12 3.13
test-install: wheel  ## Install the wheel into bare environments, and test the source distribution in one; needs the package index
	$(BIN)/python -m tests.installation $(PYTHONS)

lint: $(INSTALLED)  ## Check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED)  ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

golden: $(INSTALLED)  ## Rewrite the golden files from what the code does now
	$(BIN)/python -m tests.golden

aws-models: $(INSTALLED)  ## Rewrite the tables of AWS's actions from the installed botocore
	$(BIN)/python -m sfn_provider.integrations.write_aws_tables
	$(BIN)/python -m sfn_provider.runtime.flow.known_resources

bench: $(INSTALLED)  ## Measure against peers
	$(BIN)/python -m pytest tests/benchmarks -s --numprocesses 0 --ignore tests/benchmarks/test_maps.py

bench-maps: $(INSTALLED)  ## Measure distributed Maps of a million items: ITEMS=50000 for fewer
	$(if $(ITEMS),ITEMS=$(ITEMS)) $(BIN)/python -m pytest tests/benchmarks/test_maps.py -s --numprocesses 0

compare-corpus: $(INSTALLED)  ## Compare every definition of a folder with its DAG in made cases: CORPUS=FOLDER STYLE=native RESULTS=FILE to go on later
	nice -n 5 $(BIN)/python -m tests.compare.corpus $(CORPUS) $(if $(STYLE),--style $(STYLE)) $(if $(RESULTS),--results $(RESULTS))

constraints: $(INSTALLED)  ## Refresh the exact versions in constraints.txt
	$(BIN)/uv pip compile pyproject.toml --extra dev --group sbom --universal --python-version 3.11 --upgrade \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate --output-file constraints.txt --quiet
	echo "uv==$$($(BIN)/uv --version | cut -d' ' -f2)" >> constraints.txt

clean:  ## Remove what was built
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .mypy_cache
