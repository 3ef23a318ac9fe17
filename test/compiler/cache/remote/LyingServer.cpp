#include "test/compiler/cache/remote/LyingServer.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cassert>
#include <cstdlib>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tenon::cache {

HttpReply answer(int status, const std::string &body, const std::string &headers) {
  HttpReply reply;
  reply.bytes = "HTTP/1.1 " + std::to_string(status) + " Said\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\nConnection: close\r\n" + headers + "\r\n" + body;
  return reply;
}

LyingServer::LyingServer() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (listener_ < 0 || bind(listener_, reinterpret_cast<sockaddr *>(&address), size) != 0 ||
      listen(listener_, 16) != 0 || getsockname(listener_, reinterpret_cast<sockaddr *>(&address), &size) != 0)
    abort();
  port_ = ntohs(address.sin_port);
  setenv("no_proxy", "127.0.0.1", 1);
  thread_ = std::thread([this] { serve(); });
}

LyingServer::~LyingServer() {
  ends_ = true;
  thread_.join();
  close(listener_);
}

std::vector<std::string> LyingServer::log() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> lines;
  for (const HttpRequest &request : requests_)
    lines.push_back(request.verb + " " + request.path);
  return lines;
}

std::string LyingServer::headersOf(size_t request) const {
  const std::lock_guard lock(mutex_);
  return request < requests_.size() ? requests_[request].headers : "";
}

static bool waitFor(int socket, short events, int milliseconds) {
  pollfd poll = {socket, events, 0};
  return ::poll(&poll, 1, milliseconds) > 0;
}

void LyingServer::serve() {
  while (!ends_) {
    if (!waitFor(listener_, POLLIN, 20))
      continue;
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0)
      continue;
    serveOne(connection);
    close(connection);
  }
}

void LyingServer::serveOne(int connection) {
  std::string text;
  auto readMore = [&] {
    char buffer[65536];
    for (int waited = 0; !ends_ && waited < 5000; waited += 20)
      if (waitFor(connection, POLLIN, 20)) {
        const ssize_t got = recv(connection, buffer, sizeof buffer, 0);
        if (got > 0)
          text.append(buffer, static_cast<size_t>(got));
        return got > 0;
      }
    return false;
  };
  size_t end;
  while ((end = text.find("\r\n\r\n")) == std::string::npos)
    if (!readMore())
      return;
  HttpRequest request;
  request.headers = text.substr(0, end + 2);
  request.verb = text.substr(0, text.find(' '));
  request.path =
      text.substr(request.verb.size() + 1, text.find(' ', request.verb.size() + 1) - request.verb.size() - 1);
  auto send = [&](const char *bytes, size_t size) { return ::send(connection, bytes, size, MSG_NOSIGNAL) >= 0; };
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
  }
  std::string lower = request.headers;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return tolower(c); });
  if (const size_t at = lower.find("content-length: "); at != std::string::npos) {
    const size_t size = strtoull(lower.c_str() + at + 16, nullptr, 10);
    if (lower.find("expect: 100") != std::string::npos)
      send("HTTP/1.1 100 Continue\r\n\r\n", 25);
    while (text.size() - end - 4 < size)
      if (!readMore())
        return;
    request.body = text.substr(end + 4, size);
  }
  HttpReply reply;
  if (!lie || !lie(request, reply))
    reply = honest(request);
  const size_t together = std::min(reply.bytes.size(), reply.dripAfter);
  for (size_t at = 0; at < together;) {
    const ssize_t sent = ::send(connection, reply.bytes.data() + at, together - at, MSG_NOSIGNAL);
    if (sent < 0)
      return;
    at += static_cast<size_t>(sent);
  }
  for (size_t at = together; at < reply.bytes.size() && !ends_; ++at) {
    std::this_thread::sleep_for(reply.dripEvery);
    if (!send(&reply.bytes[at], 1))
      return;
  }
  while (reply.hang && !ends_ && !waitFor(connection, POLLIN, 20)) {
  }
  shutdown(connection, SHUT_WR);
  for (int waited = 0; waited < 1000 && !ends_; waited += 20) // until the client has read all
    if (char byte; waitFor(connection, POLLIN, 20) && recv(connection, &byte, 1, 0) <= 0)
      break;
}

HttpReply LyingServer::honest(const HttpRequest &request) {
  if (request.verb == "PUT") {
    files[request.path] = request.body;
    return answer(201);
  }
  const auto found = files.find(request.path);
  if (found == files.end())
    return answer(404, request.verb == "HEAD" ? "" : "<html>none such</html>");
  if (request.verb == "HEAD")
    return answer(200);
  return answer(200, found->second);
}

} // namespace tenon::cache
