"""Fails if a file is not one of valid Kubernetes objects: objects_of.py FILE"""

import sys
from pathlib import Path

import objects

text = sys.stdin.read() if sys.argv[1] == "-" else Path(sys.argv[1]).read_text()
for document in objects.documents(text):
    error = objects.invalid(document, objects.newest()[-1])
    if error:
        sys.exit(f"{sys.argv[1]}: {document.get('kind')}: {error}")
    print(f"{document['kind'].lower()}/{document['metadata']['name']} created")
