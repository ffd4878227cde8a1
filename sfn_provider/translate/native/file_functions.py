"""Has the functions that tasks of a native DAG file call, as text."""

from __future__ import annotations

from collections.abc import Iterator

from sfn_provider.translate.native.model import (
    API_RESULT,
    ATTRIBUTE,
    ATTRIBUTES,
    CLIENT_IN_ROLE,
    ERROR_NAME,
    FINAL_ERROR,
    INVOKE,
    SIGN,
    Import,
    NativeDag,
    NativeNode,
)

_PUSH_ERROR = """

def push_error(context):
    error = context["exception"]
    context["ti"].xcom_push(key="error", value={"Error": NAME, "Cause": str(error)})

"""

_EXCEPTION = """\
    error = context["exception"]
"""

_FINAL_EXCEPTION = """\
    if isinstance(error, AirflowFailException):  # it is not tried again
        error = error.__cause__
"""

_CLASS_NAME = "type(error).__name__"

_ERROR_NAME = f"""

def {ERROR_NAME}(error):
    match error.args:
CASES    return {_CLASS_NAME}

"""

_ERROR_OF_OPERATOR = """\
        case [_, {"Payload": payload}]:  # of LambdaInvokeFunctionOperator
            return json.loads(payload).get("errorType", "Lambda.Unknown")
"""

_ERROR_OF_CALL = """\
        case [{"errorType": name}]:  # of a Lambda function
            return name
"""

_SERVICE_ERROR = """\
    if isinstance(error, ClientError) and error.operation_name == "Invoke":
        return f"Lambda.{type(error).__name__}"
"""

_LAMBDA_OPERATOR = "LambdaInvokeFunctionOperator"


_INVOKE_FUNCTION = f"""

def {INVOKE}(name, payload):
    response = LambdaHook().invoke_lambda(function_name=name, payload=json.dumps(payload))
    answer = json.loads(response["Payload"].read())
    if "FunctionError" in response:
        raise RuntimeError(answer)
    return answer

"""


_CLIENT_IN_ROLE = f"""

def {CLIENT_IN_ROLE}(service, role_arn):
    hook = AwsBaseHook(client_type="sts")
    credentials = hook.conn.assume_role(RoleArn=role_arn, RoleSessionName="airflow")["Credentials"]
    return boto3.client(
        service,
        region_name=hook.region_name,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )

"""


_SIGN = f"""

def {SIGN}(request):
    signed = AWSRequest(request.method, request.url, data=request.body)
    region = urlsplit(request.url).hostname.split(".")[2]
    SigV4Auth(AwsBaseHook().get_credentials(), "execute-api", region).add_auth(signed)
    request.headers.update(signed.headers)
    return request

"""

_API_RESULT = f"""

def {API_RESULT}(response):
    return {{
        "ResponseBody": response.json() if response.text else "",
        "Headers": {{name: [value] for name, value in response.headers.items()}},
        "StatusCode": response.status_code,
        "StatusText": response.reason,
    }}

"""

_ATTRIBUTES = f"""

def {ATTRIBUTES}(values):
    return {{name: {ATTRIBUTE}(value) for name, value in values.items()}}


def {ATTRIBUTE}(value):
    match value:
        case str():
            return {{"S": value}}
        case {{"M": values}}:
            return {{"M": {ATTRIBUTES}(values)}}
        case {{"L": values}}:
            return {{"L": [{ATTRIBUTE}(value) for value in values]}}
    return value

"""

_FUNCTIONS = {
    f"{INVOKE}(": _INVOKE_FUNCTION,
    f"{CLIENT_IN_ROLE}(": _CLIENT_IN_ROLE,
    f"auth={SIGN}": _SIGN,
    f"{API_RESULT}(": _API_RESULT,
    f"{ATTRIBUTE}(": _ATTRIBUTES,
    f"{ATTRIBUTES}(": _ATTRIBUTES,
}
"""The functions that tasks call, by a text of their calls."""


def file_functions(dag: NativeDag) -> Iterator[str]:
    """Iterate over the functions that tasks call, each with the blank lines around it."""
    lines = [line for node in dag.nodes for line in node.body]
    pushing = [node for node in dag.nodes if "on_failure_callback" in node.arguments]
    found = [named] if (named := _error_name(dag)) else []
    if pushing:
        text = _PUSH_ERROR.replace("NAME", f"{ERROR_NAME}(error)" if named else _CLASS_NAME)
        is_final = any(FINAL_ERROR in line for node in pushing for line in node.body)
        found.append(text.replace(_EXCEPTION, _EXCEPTION + _FINAL_EXCEPTION) if is_final else text)
    called = [function for text, function in _FUNCTIONS.items() if any(text in line for line in lines)]
    found += dict.fromkeys(called)
    for position, text in enumerate(found):
        yield text if position == 0 else text.removeprefix("\n")


def _error_name(dag: NativeDag) -> str:
    """Return the function that names the error of a Lambda function; empty where no task needs it."""
    pushing = [node for node in dag.nodes if "on_failure_callback" in node.arguments]
    asking = [node for node in dag.nodes if any(f"{ERROR_NAME}(" in line for line in node.body)]
    cases = _ERROR_OF_OPERATOR if any(node.operator == _LAMBDA_OPERATOR for node in pushing) else ""
    cases += _ERROR_OF_CALL if asking or any(map(_calls_function, pushing)) else ""
    text = _ERROR_NAME.replace("CASES", cases) if cases else ""
    return text.replace("    match", f"{_SERVICE_ERROR}    match", 1) if _names_service(dag) else text


def _names_service(dag: NativeDag) -> bool:
    """Whether a task asks for an error of Lambda itself."""
    return any(
        '"Lambda.' in line for node in dag.nodes for line in node.body if node.how == "branch" or "error" in line
    )


def _calls_function(node: NativeNode) -> bool:
    """Whether a task calls Lambda functions, and fails with what they answer."""
    return any(f"{INVOKE}(" in line or "raise RuntimeError(answer)" in line for line in node.body)


def imports_of_functions(dag: NativeDag) -> set[Import]:
    """Return what the function that names errors imports; what others need, the tasks that call them import."""
    named = _error_name(dag)
    found: set[Import] = {("json", "")} if "json." in named else set()
    return found | ({("botocore.exceptions", "ClientError")} if "ClientError" in named else set())
