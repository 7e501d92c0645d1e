"""What customers send to make or change an assistant."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field, StrictBool, StrictInt, StrictStr

from switchboard.model import MachinePolicy
from switchboard.request_model import RequestModel

_EXAMPLE: dict[str, Any] = {
    "name": "Front desk",
    "stream_url": "wss://media.example.com/stream",
    "llm_settings": {"system_prompt": "You are the front desk.", "welcome_message": "Hello!"},
    "tools_settings": {
        "transfer_call": {"enabled": True, "transfer_numbers": ["+12125550199"]},
    },
}

_Url = Annotated[StrictStr | None, Field(description="https.", max_length=2_048)]
_Text = Annotated[StrictStr | None, Field(max_length=4_096)]
_Number = Annotated[StrictStr | None, Field(description="E.164.", max_length=20)]
_Settings = dict[str, Any] | None


class DialOptionsBody(RequestModel):
    """How the assistant's own calls are placed; null leaves it to the deployment."""

    ring_timeout: Annotated[StrictInt | None, Field(ge=5, le=120, description="Seconds.")] = None
    max_duration: Annotated[StrictInt | None, Field(ge=30, le=14_400, description="Seconds.")] = (
        None
    )
    machine_detection: MachinePolicy | None = None
    voicemail_message: _Text = None
    record: StrictBool | None = None


class AssistantBody(RequestModel):
    """Settings of an assistant. Whatever else is sent is stored and shown as it came."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={"examples": [{"llm_settings": {"welcome_message": "Good morning!"}}]},
    )

    # A factory, for "" stands for "not given" and is not a name that anybody may send.
    name: Annotated[StrictStr, Field(default_factory=str, min_length=1, max_length=100)]
    description: _Text = None
    stream_url: Annotated[
        StrictStr | None,
        Field(description="wss://; null is the organization's.", max_length=2_048),
    ] = None
    is_active: StrictBool = True
    welcome_message: Annotated[_Text, Field(description="Also `llm_settings.welcome_message`.")] = (
        None
    )
    fallback_message: _Text = None
    fallback_number: _Number = None
    bypass_numbers: Annotated[
        list[Annotated[StrictStr, Field(max_length=20)]] | None, Field(max_length=200)
    ] = None
    webhook_url: _Url = None
    sms_webhook_url: _Url = None
    messaging_service_sid: Annotated[StrictStr | None, Field(max_length=64)] = None
    dial_options: DialOptionsBody | None = None
    llm_settings: _Settings = None
    tools_settings: _Settings = None
    recording_settings: _Settings = None
    custom_settings: _Settings = None
    end_call_message: _Text = None
    transfer_call_message: _Text = None
    idle_message: _Text = None
    idle_timeout: Annotated[StrictInt | None, Field(ge=0, le=86_400)] = None
    max_idle_messages: Annotated[StrictInt | None, Field(ge=0, le=1_000)] = None
    max_call_length: Annotated[
        StrictInt | None,
        Field(ge=30, le=14_400, description="Seconds. Also `dial_options.max_duration`."),
    ] = None

    def given(self) -> dict[str, Any]:
        """Return what was sent, and nothing that was not."""
        return self.model_dump(exclude_unset=True)


class NewAssistantBody(AssistantBody):
    """A new assistant. Whatever else is sent is stored and shown as it came."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [_EXAMPLE]})

    name: Annotated[StrictStr, Field(min_length=1, max_length=100)]
