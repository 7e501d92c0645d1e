"""Give the emulated API what its import of an OpenAPI body leaves out.

API Gateway takes mock integrations and gateway responses from the body. The emulator serves both,
but its import passes over them, so they are put again, as the deployed template words them, through
the public API.
"""

from typing import Any

Template = dict[str, Any]


def complete(apigateway: Any, api_id: str, stage: str, template: Template) -> None:
    """Put the body's mock integrations and gateway responses, and deploy them to the stage."""
    body = template["Resources"]["Api"]["Properties"]["Body"]
    resources = _resource_ids(apigateway, api_id)
    for path, operations in body["paths"].items():
        for method, operation in operations.items():
            integration = operation["x-amazon-apigateway-integration"]
            if integration["type"] == "mock":
                where = {
                    "restApiId": api_id,
                    "resourceId": resources[path],
                    "httpMethod": method.upper(),
                }
                _put_mock(apigateway, where, integration)
    for kind, response in body["x-amazon-apigateway-gateway-responses"].items():
        _put_gateway_response(apigateway, api_id, kind, response)
    apigateway.create_deployment(restApiId=api_id, stageName=stage)


def _resource_ids(apigateway: Any, api_id: str) -> dict[str, str]:
    pages = apigateway.get_paginator("get_resources").paginate(restApiId=api_id)
    return {item["path"]: item["id"] for page in pages for item in page["items"]}


def _put_mock(apigateway: Any, where: dict[str, str], integration: dict[str, Any]) -> None:
    reply = integration["responses"]["default"]
    (content_type, text), *_ = reply["responseTemplates"].items()
    status = reply["statusCode"]
    apigateway.put_integration(
        **where, type="MOCK", requestTemplates=integration["requestTemplates"]
    )
    apigateway.put_method_response(**where, statusCode=status)
    # The emulator's mock reads the JSON template only; its content type comes from a header.
    apigateway.put_integration_response(
        **where,
        statusCode=status,
        responseTemplates={"application/json": text},
        responseParameters={"method.response.header.Content-Type": f"'{content_type}'"},
    )


def _put_gateway_response(
    apigateway: Any, api_id: str, kind: str, response: dict[str, Any]
) -> None:
    status = {"statusCode": str(response["statusCode"])} if "statusCode" in response else {}
    apigateway.put_gateway_response(
        restApiId=api_id,
        responseType=kind,
        responseParameters=response["responseParameters"],
        responseTemplates=response["responseTemplates"],
        **status,
    )
