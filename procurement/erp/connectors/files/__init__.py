"""The drop folder: CSV in documented formats, both directions. docs/file-formats.md is the ERP's side of it.

* `kinds`, `formats`: what may stand in a cell, and which columns a file has;
* `rows`: from bytes to rows, never losing a good row to a bad one;
* `papers`: from rows to neutral papers, orders whole or not at all;
* `folder`: claims, archive, rejected files, manifests, atomic renames;
* `report`: what a person finds beside a refused file;
* `writing`: from papers to rows;
* `connector`: all of it as an `ErpConnector`.
"""

from procurement.erp.connectors.files.connector import FilesConnector

__all__ = ["FilesConnector"]
