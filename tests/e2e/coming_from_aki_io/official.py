"""What the official clients offer, Python 1.0.5 and PHP 1.0.0, and what the installed one of Python offers."""

import inspect
import re
import sys

OFFICIAL = {
    "Aki",
    "do_api_request",
    "do_api_request_async",
    "get_api_request_generator",
    "do_aki_request",
    "do_aki_request_async",
    "init_api_key",
    "init_api_key_async",
    "get_endpoint_list",
    "get_endpoint_details",
    "cancel_request",
    "append_progress_input_params",
    "setup_session",
    "close_session",
    "encode_binary",
    "decode_binary",
    "check_if_valid_base64_string",
    "check_if_valid_json_string",
    "get_version",
    "detect_media_type_from_media_format",
    "doApiRequest",
    "doApiRequestAsync",
    "doApiRequestAwait",
    "initApiKey",
    "getEndpointList",
    "getEndpointDetails",
    "cancelRequest",
    "appendProgressInputParams",
    "setApiKey",
    "encodeBinary",
    "decodeBinary",
    "checkIfValidBase64String",
    "checkIfValidJsonString",
    "getVersion",
    "detectMediaTypeFromFormat",
    "endpoint_name",
    "params",
    "api_key",
    "client_session_auth_key",
    "session",
    "output_binary_format",
    "api_server",
    "api_server_url",
    "raise_exceptions",
    "return_tool_call_dict",
    "progress_interval",
    "DEFAULT_PROGRESS_INTERVAL",
    "progress_callback",
    "result_callback",
    "wait_for_result",
    "canceled_jobs",
    "progress_input_params",
    "success",
    "error",
    "error_code",
    "job_id",
    "job_state",
    "job_result",
    "result_data",
    "progress",
    "progress_data",
    "queue_position",
    "estimate",
}

FIRST_NEEDED = {
    *("do_api_request", "do_api_request_async", "get_api_request_generator", "doApiRequestAwait"),
    *("init_api_key", "setApiKey", "get_endpoint_list", "get_endpoint_details", "get_version"),
    *("cancel_request", "append_progress_input_params", "encode_binary", "decode_binary"),
    *("check_if_valid_base64_string", "check_if_valid_json_string"),
    *("detect_media_type_from_media_format", "api_server", "output_binary_format"),
    *("raise_exceptions", "progress_interval", "return_tool_call_dict", "job_id", "progress"),
    *("queue_position", "estimate", "job_state", "success", "error", "error_code"),
}
"""What the short table has as well."""

ARGUMENTS_OF_HELPERS = {
    *("base64_data", "binary_data", "input_parameters", "job_id", "media_format", "media_type"),
    *("test_string",),
}


def surface_of(package):
    """Return what a package offers: its names, its class's methods and attributes, and what they take."""
    client = package.Aki
    offered = [package.do_aki_request, package.do_aki_request_async, client]
    offered += [method for _, method in inspect.getmembers(client, inspect.isfunction)]
    public = [each for each in offered if not each.__name__.startswith("_")]
    names = {each.__name__ for each in public}
    for each in public:
        names |= set(inspect.signature(each).parameters)
    module = sys.modules[client.__module__]
    names |= set(re.findall(r"self\.([a-z]\w*) = ", inspect.getsource(client)))
    names |= {name for name in vars(module) if name.isupper()}
    return names - {"self"}
