"""Every route has a function, and only those that prove themselves otherwise are open."""

import json
from typing import Any
from xml.etree import ElementTree

import pytest

from local.workspace import ROOT

Json = dict[str, Any]
Route = tuple[str, str]

WANTED = {
    ("post", "/api/v1/phone-numbers/purchase"): "PurchaseNumber",
    ("post", "/phone-numbers/purchase"): "PurchaseNumber",
    ("get", "/api/v1/assistants/organization/phone-numbers"): "PhoneNumbers",
    ("get", "/api/v1/phone-numbers"): "PhoneNumbers",
    ("get", "/api/v1/assistants/organization/phone-numbers/available"): "PhoneNumbers",
    ("get", "/api/v1/assistants/organization/phone-numbers/{phone_number_id}"): "PhoneNumbers",
    ("patch", "/api/v1/assistants/organization/phone-numbers/{phone_number_id}"): "PhoneNumbers",
    ("post", "/api/v1/assistants/organization/phone-numbers/sync"): "PhoneNumbers",
    ("post", "/api/v1/organization/phone-numbers/sync"): "PhoneNumbers",
    ("post", "/api/v1/phone-numbers/release"): "PhoneNumbers",
    ("post", "/phone-numbers/release"): "PhoneNumbers",
    ("get", "/api/v1/assistants/{assistant_id}/phone-numbers"): "PhoneNumbers",
    ("get", "/api/v1/assistants/{assistant_id}/available-phone-numbers"): "PhoneNumbers",
    ("get", "/api/v1/assistants/by-phone/{phone_number}"): "PhoneNumbers",
    (
        "post",
        "/api/v1/assistants/{assistant_id}/phone-numbers/{phone_number_id}/assign",
    ): "PhoneNumbers",
    (
        "post",
        "/api/v1/assistants/{assistant_id}/phone-numbers/{phone_number_id}/unassign",
    ): "PhoneNumbers",
    ("post", "/api/v1/assistants/{assistant_id}/phone-numbers/bulk-assign"): "PhoneNumbers",
    ("post", "/api/v1/assistants/{assistant_id}/phone-numbers/assign-by-number"): "PhoneNumbers",
    ("post", "/api/v1/assistants/{assistant_id}/phone-numbers/unassign-by-number"): "PhoneNumbers",
    ("post", "/api/v1/assistants/phonenumbers/{phone_number_id}/assign"): "PhoneNumbers",
    ("post", "/api/v1/assistants/phonenumbers/{phone_number_id}/unassign"): "PhoneNumbers",
    ("post", "/api/v1/flows/{flow_id}/phone-numbers/{phone_number_id}/assign"): "PhoneNumbers",
    ("post", "/api/v1/flows/{flow_id}/phone-numbers/{phone_number_id}/unassign"): "PhoneNumbers",
    ("post", "/api/v1/phone-numbers/search"): "PhoneNumbers",
    ("post", "/phone-numbers/search"): "PhoneNumbers",
    ("get", "/api/v1/phone-numbers/countries"): "PhoneNumbers",
    ("get", "/phone-numbers/countries"): "PhoneNumbers",
    ("get", "/api/v1/phone-numbers/{phone_number}/webhooks"): "PhoneNumbers",
    ("get", "/phone-numbers/{phone_number}/webhooks"): "PhoneNumbers",
    ("put", "/api/v1/phone-numbers/webhooks"): "PhoneNumbers",
    ("put", "/phone-numbers/webhooks"): "PhoneNumbers",
    ("get", "/api/v1/phone-numbers/{phone_number}/diagnose"): "PhoneNumbers",
    ("get", "/phone-numbers/{phone_number}/diagnose"): "PhoneNumbers",
    ("post", "/api/v1/phone-numbers/organization/sync-verified-caller-ids"): "PhoneNumbers",
    ("post", "/api/v1/phone-numbers/organization/add-verified-caller-id"): "PhoneNumbers",
    ("get", "/api/v1/phone-numbers/organization/verified-caller-ids"): "PhoneNumbers",
    (
        "delete",
        "/api/v1/phone-numbers/organization/verified-caller-ids/{caller_id}",
    ): "PhoneNumbers",
    ("get", "/api/v1/assistants"): "Directory",
    ("post", "/api/v1/assistants"): "Directory",
    ("get", "/api/v1/assistants/count"): "Directory",
    ("get", "/api/v1/assistants/{assistant_id}"): "Directory",
    ("put", "/api/v1/assistants/{assistant_id}"): "Directory",
    ("patch", "/api/v1/assistants/{assistant_id}"): "Directory",
    ("delete", "/api/v1/assistants/{assistant_id}"): "Directory",
    ("patch", "/api/v1/assistants/{assistant_id}/status"): "Directory",
    ("get", "/api/v1/flows"): "Directory",
    ("post", "/api/v1/flows"): "Directory",
    ("get", "/api/v1/flows/{flow_id}"): "Directory",
    ("put", "/api/v1/flows/{flow_id}"): "Directory",
    ("delete", "/api/v1/flows/{flow_id}"): "Directory",
    ("get", "/api/v1/organization"): "Directory",
    ("put", "/api/v1/organization"): "Directory",
    ("post", "/api/v1/organization/twilio/validate"): "Directory",
    ("get", "/health"): "Directory",
    ("get", "/api/v1/organization/health"): "Directory",
    ("get", "/api/v1/users/me/api-keys"): "Directory",
    ("post", "/api/v1/users/me/api-keys"): "Directory",
    ("put", "/api/v1/users/me/api-keys/{key_id}"): "Directory",
    ("delete", "/api/v1/users/me/api-keys/{key_id}"): "Directory",
    ("get", "/api/v1/audit"): "Directory",
    ("get", "/api/v1/sip-trunks"): "Directory",
    ("post", "/api/v1/sip-trunks"): "Directory",
    ("post", "/api/v1/sip-trunks/sync"): "Directory",
    ("get", "/api/v1/sip-trunks/{trunk_id}"): "Directory",
    ("put", "/api/v1/sip-trunks/{trunk_id}"): "Directory",
    ("delete", "/api/v1/sip-trunks/{trunk_id}"): "Directory",
    ("post", "/api/v1/sip-trunks/{trunk_id}/enable"): "Directory",
    ("post", "/api/v1/sip-trunks/{trunk_id}/disable"): "Directory",
    ("post", "/api/v1/calls/initiate"): "InitiateCall",
    ("post", "/calls/initiate"): "InitiateCall",
    ("get", "/api/v1/calls"): "Calls",
    ("get", "/api/v1/calls/count"): "Calls",
    ("get", "/api/v1/calls/stats"): "Calls",
    ("get", "/api/v1/calls/export"): "Calls",
    ("get", "/api/v1/calls/{call_id}"): "Calls",
    ("get", "/api/v1/calls/sid/{call_sid}"): "Calls",
    ("get", "/api/v1/calls/{call_id}/session"): "Calls",
    ("post", "/api/v1/calls/{call_id}/terminate"): "Calls",
    ("post", "/api/v1/calls/{call_id}/transfer"): "Calls",
    ("patch", "/api/v1/calls/{call_id}/metadata"): "Calls",
    ("get", "/api/v1/events"): "Events",
    ("get", "/api/v1/events/dead-letters"): "Events",
    ("post", "/api/v1/events/redeliver"): "Events",
    ("get", "/api/v1/events/{event_id}"): "Events",
    ("post", "/api/v1/events/{event_id}/redeliver"): "Events",
    ("get", "/api/v1/webhooks"): "Events",
    ("post", "/api/v1/webhooks"): "Events",
    ("get", "/api/v1/webhooks/{webhook_id}"): "Events",
    ("patch", "/api/v1/webhooks/{webhook_id}"): "Events",
    ("delete", "/api/v1/webhooks/{webhook_id}"): "Events",
    ("get", "/api/v1/webhooks/{webhook_id}/secret"): "Events",
    ("post", "/api/v1/webhooks/{webhook_id}/rotate"): "Events",
    ("get", "/api/v1/calls/{call_id}/webhook-logs"): "Events",
    ("post", "/api/v1/calls/{call_id}/report"): "Events",
    ("get", "/openapi.json"): "ApiDocs",
    ("get", "/docs"): "ApiDocs",
    ("get", "/docs/{file}"): "ApiDocs",
    ("get", "/api/v1/calls/{call_id}/recordings"): "Recordings",
    ("get", "/api/v1/calls/sid/{call_sid}/recordings"): "Recordings",
    ("get", "/api/v1/calls/{call_id}/recording/{recording_id}/play"): "Recordings",
    ("get", "/public/recording/{token}"): "Recordings",
    ("post", "/recording-status"): "CarrierWebhookTwilio",
    ("post", "/twiml"): "CarrierWebhookTwilio",
    ("post", "/call-status"): "CarrierWebhookTwilio",
    ("post", "/webhooks/sms/twilio"): "CarrierWebhookTwilio",
    ("post", "/twilio-sms-webhook"): "CarrierWebhookTwilio",
    ("post", "/webhooks/sms/telnyx"): "CarrierWebhookTelnyx",
    ("post", "/telnyx-sms-webhook"): "CarrierWebhookTelnyx",
    ("post", "/sms/send"): "Sms",
    ("get", "/sms/{message_id}/status"): "Sms",
    ("delete", "/sms/{message_id}"): "Sms",
    ("get", "/sms/queue/stats"): "Sms",
    ("get", "/sms/status/{message_id}"): "Sms",
    ("post", "/sms/cancel/{message_id}"): "Sms",
    ("post", "/telnyx-webhook"): "CarrierWebhookTelnyx",
    ("get", "/telnyx-webhook"): "CarrierWebhookTelnyx",
    ("head", "/telnyx-webhook"): "CarrierWebhookTelnyx",
    ("post", "/vonage-webhook"): "CarrierWebhookVonage",
    ("get", "/vonage-webhook"): "CarrierWebhookVonage",
    ("post", "/webhooks/sms/vonage"): "CarrierWebhookVonage",
    ("get", "/webhooks/sms/vonage"): "CarrierWebhookVonage",
    ("post", "/sip-webhook"): "CarrierWebhookSip",
    ("post", "/sip-status"): "CarrierWebhookSip",
    ("post", "/sip-prewarm"): "CarrierWebhookSip",
}
# The carriers' signatures and the call's own token are checked in the functions; the API's
# description holds nothing that is anybody's.
OPEN = {
    route
    for route, function in WANTED.items()
    if function.startswith(("CarrierWebhook", "ApiDocs"))
    or route[1].endswith(("/session", "/report", "/health"))
    or route[1].startswith("/public/")
}


@pytest.fixture(scope="module")
def events(functions: dict[str, Json]) -> dict[Route, tuple[str, Json]]:
    """Return function and event by route."""
    return {
        (event["Properties"]["Method"], event["Properties"]["Path"]): (name, event["Properties"])
        for name, properties in functions.items()
        for event in properties.get("Events", {}).values()
        if event["Type"] == "Api"
    }


def test_every_route_has_its_function(events: dict[Route, tuple[str, Json]]) -> None:
    assert {route: function for route, (function, _) in events.items()} == WANTED


def test_every_function_has_code_and_serves_something(functions: dict[str, Json]) -> None:
    for name, properties in functions.items():
        module, _, function = properties.get("Handler", "app.lambda_handler").rpartition(".")
        code = ROOT / properties["CodeUri"] / f"{module.replace('.', '/')}.py"
        assert f"def {function}(" in code.read_text(), name
    called_by_ours = {
        "Authorizer",
        "FailOver",
        "RelayEvents",
        "DeliverEvent",
        "FetchRecording",
        "SendMessage",
    }
    assert set(functions) == {*WANTED.values()} | called_by_ours


def test_only_webhooks_sessions_and_the_description_are_open(
    template: Json, events: dict[Route, tuple[str, Json]]
) -> None:
    auth = template["Resources"]["Api"]["Properties"]["Auth"]

    without_key = {
        route for route, (_, event) in events.items() if event.get("Auth") == {"Authorizer": "NONE"}
    }

    assert auth["DefaultAuthorizer"] in auth["Authorizers"]
    assert without_key == OPEN


def test_a_revoked_key_is_not_remembered(template: Json) -> None:
    authorizers = template["Resources"]["Api"]["Properties"]["Auth"]["Authorizers"]

    assert authorizers["ApiToken"]["Identity"]["ReauthorizeEvery"] == 0


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_fallback_is_a_constant_that_speaks_and_hangs_up(template: Json, method: str) -> None:
    body = template["Resources"]["Api"]["Properties"]["DefinitionBody"]
    operation = body["paths"]["/fallback/twilio.xml"][method]
    integration = operation["x-amazon-apigateway-integration"]

    twiml = ElementTree.fromstring(
        integration["responses"]["default"]["responseTemplates"]["application/xml"]
    )

    assert operation["security"] == [{"NONE": []}]
    assert integration["type"] == "mock"
    assert set(integration["requestTemplates"]) == {
        "application/json",
        "application/x-www-form-urlencoded",
    }
    assert twiml.tag == "Response"
    assert [verb.tag for verb in twiml] == ["Say", "Hangup"]
    assert twiml[0].text


@pytest.mark.parametrize("method", ["get", "post"])
def test_vonages_fallback_is_a_constant_that_speaks(template: Json, method: str) -> None:
    body = template["Resources"]["Api"]["Properties"]["DefinitionBody"]
    operation = body["paths"]["/fallback/vonage.json"][method]
    integration = operation["x-amazon-apigateway-integration"]

    ncco = json.loads(integration["responses"]["default"]["responseTemplates"]["application/json"])

    assert operation["security"] == [{"NONE": []}]
    assert integration["type"] == "mock"
    # A call whose instructions are at their end is ended.
    assert [action["action"] for action in ncco] == ["talk"]
    assert ncco[0]["text"]
