// An HTTP server in the test's own process that answers as it is told, wrong answers included.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tenon::cache {

struct HttpRequest {
  std::string verb, path, headers, body;
};

// Raw bytes of an answer; the connection is closed behind them.
struct HttpReply {
  std::string bytes;
  size_t dripAfter = std::string::npos;   // from here on byte by byte
  std::chrono::milliseconds dripEvery{0}; // ... this slowly
  bool hang = false;                      // after all bytes: silence instead of closing
};

HttpReply answer(int status, const std::string &body = "", const std::string &headers = "");

// Keeps what is PUT, and gives it again, unless `lie` has an answer. One connection at a time.
class LyingServer {
public:
  LyingServer();
  ~LyingServer();

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  std::map<std::string, std::string> files; // by path; while no request is under way
  std::function<bool(const HttpRequest &request, HttpReply &reply)> lie;
  std::vector<std::string> log() const; // "PUT /ac/..."
  std::string headersOf(size_t request) const;

private:
  void serve();
  void serveOne(int connection);
  HttpReply honest(const HttpRequest &request);

  int listener_ = -1;
  unsigned port_ = 0;
  std::atomic<bool> ends_ = false;
  mutable std::mutex mutex_;
  std::vector<HttpRequest> requests_; // without bodies
  std::thread thread_;
};

} // namespace tenon::cache
