"""A model hub: the part of huggingface.co's protocol by which files come and go.

Specification: https://huggingface.co/docs/hub/api and
https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md
"""

import base64
import hashlib
import json
import re
from urllib.parse import unquote, urlsplit

from tests.zoo.presets.mirror_server import Handler, MirrorServer

LARGE = (".h5", ".onnx", ".safetensors")
NAME = r"/(?P<name>[\w.-]+/[\w.-]+)"


class HubHandler(Handler):
    def path_and_body(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.server.requests.append(f"{self.command} {urlsplit(self.path).path}")
        self.server.agents.append(self.headers.get("User-Agent"))
        return unquote(urlsplit(self.path).path), self.rfile.read(length)

    def reply(self, document=None, status=200, headers=(), content=None):
        body = json.dumps(document).encode() if content is None else content
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", len(body))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refused(self):
        """Answers, and returns True, where the server is to refuse everything."""
        if self.server.refusal:
            self.reply({"error": "no"}, self.server.refusal)
        return self.server.refusal

    def do_GET(self):
        path, _ = self.path_and_body()
        if self.refused():
            return
        match = re.fullmatch(rf"/api/models{NAME}(/revision/(?P<revision>.+?))?", path)
        if match and match["name"] in self.server.commits:
            files = self.server.files(match["name"])
            siblings = [{"rfilename": name, "size": len(files[name])} for name in files]
            sha = self.server.commits[match["name"]]
            self.reply({"id": match["name"], "sha": sha, "siblings": siblings})
            return
        match = re.fullmatch(rf"/api/models{NAME}/tree/(?P<revision>[^/]+)", path)
        if match and match["name"] in self.server.commits:
            files = self.server.files(match["name"])
            entries = [
                {"type": "file", "path": name, "size": len(content), "oid": etag(content)}
                for name, content in files.items()
            ]
            self.reply(entries)
            return
        match = re.fullmatch(rf"{NAME}/resolve/(?P<revision>[^/]+)/(?P<file>.+)", path)
        content = match and self.server.files(match["name"]).get(match["file"])
        if content is None:
            self.reply({"error": "gone"}, 404, [("X-Error-Code", "RepoNotFound")])
            return
        headers = [("ETag", f'"{etag(content)}"')]
        headers += [("X-Repo-Commit", self.server.commits[match["name"]])]
        self.reply(content=content, headers=headers)

    do_HEAD = do_GET

    def do_POST(self):
        path, body = self.path_and_body()
        if self.refused():
            return
        if path == "/api/repos/create":
            asked = json.loads(body)
            name = f"{asked['organization']}/{asked['name']}"
            self.server.commits.setdefault(name, "0" * 40)
            self.server.private[name] = asked.get("visibility") or asked.get("private")
            self.reply({"url": f"{self.server.url}/{name}"})
        elif path.endswith("/info/lfs/objects/batch"):
            objects = [
                {**each, "actions": {"upload": {"href": f"{self.server.url}/lfs/{each['oid']}"}}}
                for each in json.loads(body)["objects"]
            ]
            self.reply({"transfer": "basic", "objects": objects})
        elif match := re.fullmatch(rf"/api/models{NAME}/preupload/main", path):
            modes = [
                {
                    "path": each["path"],
                    "uploadMode": "lfs" if each["path"].endswith(LARGE) else "regular",
                    "shouldIgnore": False,
                    "oid": None,
                }
                for each in json.loads(body)["files"]
            ]
            self.reply({"files": modes})
        elif match := re.fullmatch(rf"/api/models{NAME}/commit/main", path):
            self.reply(self.commit(match["name"], body))
        else:
            self.reply({})  # of the card, which any is

    def commit(self, name: str, body: bytes) -> dict:
        """Writes the files of a commit, as they come and as they were uploaded before."""
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                content = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                content = self.server.uploads[value["oid"]]
            else:
                continue
            path = self.server.folder / name / value["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        sha = hashlib.sha1(body).hexdigest()
        self.server.commits[name] = sha
        return {
            "success": True,
            "commitUrl": f"{self.server.url}/{name}/commit/{sha}",
            "commitOid": sha,
            "hookOutput": "",
        }

    def do_PUT(self):
        path, body = self.path_and_body()
        self.server.uploads[path.removeprefix("/lfs/")] = body
        self.reply({})


def etag(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()


class HubServer(MirrorServer):
    """A hub with the repositories `folder/OWNER/MODEL`.

    Attributes:
        commits: the last commit of each repository.
        private: what was asked for when it was made.
        uploads: large files by their SHA-256.
        refusal: the status of every answer, None for right ones.
    """

    handler = HubHandler

    def __init__(self, folder):
        super().__init__(folder)
        self.commits: dict[str, str] = {}
        self.private: dict[str, object] = {}
        self.uploads: dict[str, bytes] = {}
        self.agents: list[str] = []
        self.refusal: int | None = None

    def add(self, name: str, files: dict[str, bytes]) -> None:
        """Adds a repository."""
        for file, content in files.items():
            path = self.folder / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        self.commits[name] = "1" * 40

    def files(self, name: str) -> dict[str, bytes]:
        """Returns the files of a repository by their path."""
        root = self.folder / name
        found = sorted(path for path in root.rglob("*") if path.is_file())
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}
