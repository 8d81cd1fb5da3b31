"""What runs in Node beside the tests."""

import json
import subprocess
import sys
from pathlib import Path


class Node:
    """A process that answers a question a line."""

    def __init__(self, program):
        # Beside the packages of Python, in the folder that holds both.
        program = Path(sys.prefix) / "node" / program
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(["node", program], text=True, **pipes)

    def ask(self, operation, **question):
        print(json.dumps({"operation": operation, **question}), file=self.process.stdin, flush=True)
        answer = json.loads(self.process.stdout.readline())
        assert "failed" not in answer, answer["failed"]
        return answer["done"]

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=20) == 0
