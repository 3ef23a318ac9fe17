// http:// and https://: what Bazel's HTTP caches and WebDAV servers understand of GET, HEAD and PUT, by libcurl.
//
// A PUT that is answered by 404, 409 or (nginx) 500 may lack its folder: MKCOL makes it, and the PUT is tried once
// more. 403, 405 and 501 to a PUT mean a remote that is only read. GET and HEAD follow a few redirects, PUT none; https
// never leads to http. Certificates are verified. Credentials come from the URL, ~/.netrc, or $TENON_CACHE_REMOTE_AUTH,
// the value of an Authorization header, which libcurl keeps from other hosts.
#include "compiler/cache/remote/Transport.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <curl/curl.h>
#include <optional>

namespace tenon::cache {
namespace {

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using Headers = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

// One request and what libcurl's callbacks know of it.
struct Request {
  std::string url;
  const char *verb = "GET";
  uint64_t maxBytes = 0;
  const Sink *sink = nullptr;
  const Body *body = nullptr;

  CURL *curl = nullptr;
  Patience *patience = nullptr;
  Status failure; // the first that is not libcurl's
  uint64_t arrived = 0, sent = 0, moved = 0;
  char error[CURL_ERROR_SIZE] = "";
};

long statusOf(CURL *curl) {
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

size_t onArrival(char *data, size_t one, size_t count, void *user) {
  Request &request = *static_cast<Request *>(user);
  const size_t bytes = one * count;
  const bool wanted = request.sink && statusOf(request.curl) == 200;
  constexpr uint64_t kErrorPage = 1 << 20; // is read and forgotten
  if (bytes > (wanted ? request.maxBytes : kErrorPage) - request.arrived) {
    request.failure = Status(Code::InvalidFile,
                             "more bytes arrive than the " + std::to_string(request.maxBytes) + " that were expected");
    return CURL_WRITEFUNC_ERROR;
  }
  request.arrived += bytes;
  if (wanted)
    request.failure = (*request.sink)({reinterpret_cast<const uint8_t *>(data), bytes});
  return request.failure.isOk() ? bytes : CURL_WRITEFUNC_ERROR;
}

size_t onSend(char *data, size_t one, size_t count, void *user) {
  Request &request = *static_cast<Request *>(user);
  const size_t bytes = std::min<uint64_t>(one * count, request.body->bytes - request.sent);
  request.failure = request.body->read(request.sent, {reinterpret_cast<uint8_t *>(data), bytes});
  request.sent += bytes;
  return request.failure.isOk() ? bytes : CURL_READFUNC_ABORT;
}

int onSeek(void *user, curl_off_t offset, int origin) {
  Request &request = *static_cast<Request *>(user);
  if (origin != SEEK_SET || offset < 0 || static_cast<uint64_t>(offset) > request.body->bytes)
    return CURL_SEEKFUNC_FAIL;
  request.sent = static_cast<uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

int onProgress(void *user, curl_off_t, curl_off_t down, curl_off_t, curl_off_t up) {
  Request &request = *static_cast<Request *>(user);
  request.moved = static_cast<uint64_t>(down) + static_cast<uint64_t>(up);
  if (request.patience->mayGoOn(request.moved))
    return 0;
  request.failure = Status(Code::Resource, "too slow: " + std::to_string(request.moved) + " bytes so far");
  return 1;
}

class HttpRemote final : public Transport {
public:
  HttpRemote(Handle handle, std::string prefix, Headers headers, Patience &patience)
      : handle_(std::move(handle)), prefix_(std::move(prefix)), headers_(std::move(headers)), patience_(patience) {}

  Result<bool> get(const std::string &name, uint64_t maxBytes, const Sink &sink) override {
    Request request = requestFor("GET", name);
    request.maxBytes = maxBytes;
    request.sink = &sink;
    TENON_ASSIGN(const long status, perform(request));
    return found(request, status);
  }

  Result<bool> has(const std::string &name) override {
    Request request = requestFor("HEAD", name);
    TENON_ASSIGN(const long status, perform(request));
    return found(request, status);
  }

  Result<bool> put(const std::string &name, const Body &body) override {
    Request request = requestFor("PUT", name);
    request.body = &body;
    TENON_ASSIGN(long status, perform(request));
    bool again = status == 404 || status == 409;
    if (again || status == 500) {
      TENON_ASSIGN(const bool made, makeFolders(name));
      again |= made;
    }
    if (again) {
      request = requestFor("PUT", name);
      request.body = &body;
      TENON_ASSIGN(status, perform(request));
    }
    if (status == 403 || status == 405 || status == 501)
      return false;
    return status >= 200 && status < 300 ? Result<bool>(true) : unexpected(request, status);
  }

private:
  Request requestFor(const char *verb, const std::string &name) const {
    Request request;
    request.verb = verb;
    request.url = prefix_ + "/" + name;
    return request;
  }

  static Status unexpected(const Request &request, long status) {
    return Status(Code::Resource, std::string(request.verb) + " " + maskUrl(request.url) + ": the server answers " +
                                      std::to_string(status));
  }

  static Result<bool> found(const Request &request, long status) {
    if (status == 404 || status == 410)
      return false;
    return status == 200 ? Result<bool>(true) : unexpected(request, status);
  }

  // Every folder above `name`, from the outermost; true where one was made. What is there already answers 405 or the
  // like.
  Result<bool> makeFolders(const std::string &name) {
    const std::string url = prefix_ + "/" + name;
    bool made = false;
    for (size_t at = url.find('/', url.find("://") + 3); (at = url.find('/', at + 1)) != std::string::npos;) {
      Request request;
      request.verb = "MKCOL";
      request.url = url.substr(0, at + 1);
      TENON_ASSIGN(const long status, perform(request));
      made |= status == 201;
    }
    return made;
  }

  // The final status of a request that was answered in full.
  Result<long> perform(Request &request) {
    CURL *curl = handle_.get();
    curl_easy_reset(curl); // keeps the connection
    request.curl = curl;
    request.patience = &patience_;
    setCommon(curl, request);
    if (!std::strcmp(request.verb, "HEAD"))
      curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    else if (request.body)
      setUpload(curl, request);
    else if (std::strcmp(request.verb, "GET") != 0)
      curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.verb);
    if (!request.body) {
      curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
      curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 3L);
    }
    patience_.startRequest();
    const CURLcode code = curl_easy_perform(curl);
    patience_.endRequest(request.moved);
    const long status = statusOf(curl);
    const std::string what = std::string(request.verb) + " " + maskUrl(request.url);
    if (!request.failure.isOk())
      return std::move(request.failure).within(what);
    // A server may answer before it has read all, and close.
    if (code == CURLE_OK || (request.body && status >= 400 && (code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR)))
      return status;
    // libcurl's own text may name the URL that it was led to, password and all: its kind of error says enough.
    return Status(Code::Resource, what + ": " + curl_easy_strerror(code));
  }

  void setCommon(CURL *curl, Request &request) {
    curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, prefix_.starts_with("https:") ? "https" : "http,https");
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_OPTIONAL));
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers_.get());
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "tenon");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, std::max<long>(1, patience_.left().count()));
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 512L << 10);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, onArrival);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &request);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, onProgress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &request);
  }

  static void setUpload(CURL *curl, Request &request) {
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body->bytes));
    curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 1L << 20);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, onSend);
    curl_easy_setopt(curl, CURLOPT_READDATA, &request);
    curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, onSeek);
    curl_easy_setopt(curl, CURLOPT_SEEKDATA, &request);
  }

  Handle handle_;
  std::string prefix_; // without a slash at its end
  Headers headers_;
  Patience &patience_;
};

} // namespace

Result<std::unique_ptr<Transport>> openHttpRemote(const std::string &url, Patience &patience) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  Handle handle(ready == CURLE_OK ? curl_easy_init() : nullptr, curl_easy_cleanup);
  if (!handle)
    return Status(Code::Resource, "--cache-remote: libcurl cannot be used");
  Headers headers(nullptr, curl_slist_free_all);
  if (const char *value = getenv("TENON_CACHE_REMOTE_AUTH"); value && *value) {
    if (std::strpbrk(value, "\r\n"))
      return Status(Code::Usage, "TENON_CACHE_REMOTE_AUTH: expected one line, the value of an Authorization header");
    headers.reset(curl_slist_append(nullptr, ("Authorization: " + std::string(value)).c_str()));
  }
  return std::unique_ptr<Transport>(std::make_unique<HttpRemote>(std::move(handle), url, std::move(headers), patience));
}

} // namespace tenon::cache
