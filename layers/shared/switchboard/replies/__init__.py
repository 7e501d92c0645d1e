"""What the API's replies look like: one module for each kind of thing that is shown.

A shape is a TypedDict, whose first line of docstring and whose fields are the API's description;
beside it is the function that makes it from the model.
"""
