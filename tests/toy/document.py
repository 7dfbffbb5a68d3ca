"""The OpenAPI document with one operation more: what a person would type in."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

from conformance.spec.contract import SPECS

ADDED = """
/market/depth/levels:
  get:
    operationId: getDepthLevels
    tags: [market data]
    summary: How many levels a book shows
    x-provenance: convention
    security: []
    parameters:
      - name: limit
        in: query
        required: true
        schema: { type: integer, minimum: 1, maximum: 50 }
        example: 5
    responses:
      "200":
        description: Accepted.
        content:
          application/json:
            schema:
              type: object
              required: [code, data]
              properties:
                code: { type: integer, enum: [0] }
                data: { type: object, required: [levels], properties: { levels: { type: integer } } }
      "400": { $ref: "#/components/responses/BadRequest" }
      "404": { $ref: "#/components/responses/NotFound" }
"""


def write(path: Path) -> Path:
    """The document with the operation added."""
    document = yaml.safe_load((SPECS / "openapi.yaml").read_text(encoding="utf-8"))
    document["paths"] |= yaml.safe_load(ADDED)
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return path


if __name__ == "__main__":
    print(write(Path(sys.argv[1])))
