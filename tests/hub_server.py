"""A model hub on loopback: as much of Hugging Face's and of Kaggle's protocol as uploads and "
"downloads need."""

import base64
import hashlib
import http.server
import json
import re
import threading


class Hub(http.server.ThreadingHTTPServer):
    """Keeps the files of models in memory, by model and path.

    Attributes:
        models: `{model: {path: bytes}}`.
        requests: what was asked for, as "GET /path".
    """

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.models, self.requests, self.blobs = {}, [], {}

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error):
        self.shutdown()
        self.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def commit(self, model):
        """What stands for the model's newest revision: 40 digits."""
        files = self.models[model]
        return hashlib.sha1(repr(sorted(files.items())).encode()).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def answer(self, content=b"", status=200, **headers):
        if not isinstance(content, bytes):
            content, headers = (
                json.dumps(content).encode(),
                {"Content-Type": "application/json", **headers},
            )
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def do_any(self):
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.requests.append(f"{self.command} {self.path}")
        for pattern, method in ROUTES:
            if match := re.fullmatch(pattern, f"{self.command} {self.path.partition('?')[0]}"):
                return method(self, *match.groups())
        return self.answer({"error": f"no such page: {self.command} {self.path}"}, 404)

    do_GET = do_HEAD = do_POST = do_PUT = do_any

    def info(self, model, revision=None):
        if model not in self.server.models:
            return self.answer({"error": "no such model"}, 404, X_Error_Code="RepoNotFound")
        siblings = [{"rfilename": path} for path in self.server.models[model]]
        sha = self.server.commit(model)
        return self.answer({"id": model, "modelId": model, "sha": sha, "siblings": siblings})

    def tree(self, model, revision):
        files = self.server.models[model]
        return self.answer(
            [
                {
                    "type": "file",
                    "path": path,
                    "size": len(data),
                    "oid": hashlib.sha1(data).hexdigest(),
                }
                for path, data in files.items()
            ]
        )

    def resolve(self, model, revision, path):
        files = self.server.models.get(model, {})
        if path not in files:
            return self.answer({"error": "no such file"}, 404, X_Error_Code="EntryNotFound")
        etag = f'"{hashlib.sha1(files[path]).hexdigest()}"'
        return self.answer(files[path], ETag=etag, X_Repo_Commit=self.server.commit(model))

    def create(self):
        model = json.loads(self.body)["name"]
        model = model if "/" in model else f"{json.loads(self.body)['organization']}/{model}"
        self.server.models.setdefault(model, {})
        return self.answer({"url": f"{self.server.url}/{model}", "name": model})

    def validate(self):
        return self.answer({"errors": [], "warnings": []})

    def preupload(self, model, revision):
        files = json.loads(self.body)["files"]
        return self.answer(
            {
                "files": [
                    {"path": f["path"], "uploadMode": "regular", "shouldIgnore": False}
                    for f in files
                ]
            }
        )

    def commit_files(self, model, revision):
        for line in self.body.splitlines():
            entry = json.loads(line)
            if entry["key"] == "file":
                content = base64.b64decode(entry["value"]["content"])
                self.server.models[model][entry["value"]["path"]] = content
        sha = self.server.commit(model)
        url = f"{self.server.url}/{model}/commit/{sha}"
        return self.answer({"commitOid": sha, "commitUrl": url, "success": True})

    # What kagglehub asks, every call a POST of one JSON object.

    def found(self):
        return self.answer({})

    def start_upload(self):
        token = str(len(self.server.blobs))
        self.server.blobs[token] = [json.loads(self.body)["name"], b""]
        return self.answer({"token": token, "createUrl": f"{self.server.url}/upload/{token}"})

    def upload(self, token):
        self.server.blobs[token][1] = self.body
        return self.answer()

    def create_instance(self):
        asked = json.loads(self.body)
        files = (self.server.blobs[file["token"]] for file in asked["body"]["files"])
        model = (asked["ownerSlug"], asked["modelSlug"], "keras", asked["body"]["instanceSlug"])
        self.server.models["/".join(model)] = dict(files)
        return self.answer({"id": 1})

    def instance(self):
        if self.asked() not in self.server.models:
            return self.answer({"code": 404, "message": "no such model"}, 404)
        return self.answer({"versionNumber": 1})

    def list_files(self):
        names = self.server.models[self.asked()]
        return self.answer({"files": [{"name": name} for name in names], "nextPageToken": ""})

    def download(self):
        return self.answer(self.server.models[self.asked()][json.loads(self.body)["path"]])

    def asked(self):
        request = json.loads(self.body)
        return f"{request['ownerSlug']}/{request['modelSlug']}/keras/{request['instanceSlug']}"


KAGGLE = r"POST /api/v1/models\.ModelApiService"
ROUTES = (
    (r"GET /api/models/([^/]+/[^/]+)", Handler.info),
    (r"GET /api/models/([^/]+/[^/]+)/revision/(.+)", Handler.info),
    (r"GET /api/models/([^/]+/[^/]+)/tree/(.+)", Handler.tree),
    (r"(?:GET|HEAD) /([^/]+/[^/]+)/resolve/([^/]+)/(.+)", Handler.resolve),
    (r"POST /api/repos/create", Handler.create),
    (r"POST /api/validate-yaml", Handler.validate),
    (r"POST /api/models/([^/]+/[^/]+)/preupload/(.+)", Handler.preupload),
    (r"POST /api/models/([^/]+/[^/]+)/commit/(.+)", Handler.commit_files),
    (rf"{KAGGLE}/GetModel", Handler.found),
    (rf"{KAGGLE}/GetModelInstance", Handler.instance),
    (rf"{KAGGLE}/CreateModelInstance", Handler.create_instance),
    (rf"{KAGGLE}/ListModelInstanceVersionFiles", Handler.list_files),
    (rf"{KAGGLE}/DownloadModelInstanceVersion", Handler.download),
    (r"POST /api/v1/blobs\.BlobApiService/StartBlobUpload", Handler.start_upload),
    (r"PUT /upload/(\d+)", Handler.upload),
)
