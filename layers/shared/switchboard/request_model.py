"""What customers send to the API, as pydantic checks it."""

from pydantic import BaseModel, ConfigDict


class RequestModel(BaseModel):
    """A body or a query. Its check is built with the first that comes, not while a function starts.

    A function has up to twenty, a request needs one: building all was 6 % of `Directory`'s start.
    """

    model_config = ConfigDict(defer_build=True)
