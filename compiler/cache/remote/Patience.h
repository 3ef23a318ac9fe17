// How long one compilation waits for a remote: `limit` in all, and beyond that only while bytes come or go at
// kMinimumRate at least. So n bytes cost at most limit + n / kMinimumRate, however the server behaves, and large parts
// of a fast server are not cut off.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace tenon::cache {

inline constexpr uint64_t kMinimumRate = 1 << 20; // bytes a second

class Patience {
public:
  using Clock = std::chrono::steady_clock;
  using Milliseconds = std::chrono::milliseconds;

  explicit Patience(Milliseconds limit) : limit_(limit) {}

  Milliseconds limit() const { return limit_; }
  Milliseconds left() const { return std::max(limit_ - spent_, Milliseconds(0)); }

  void startRequest() { start_ = progressed_ = Clock::now(), bytes_ = 0; }

  // Whether the request may go on, after so many bytes both ways: false once it is too slow, or stands still for as
  // long as the limit.
  bool mayGoOn(uint64_t bytes) {
    const auto now = Clock::now();
    if (bytes != bytes_)
      progressed_ = now, bytes_ = bytes;
    return excess(now) <= left() && now - progressed_ <= limit_;
  }

  // Whether the request has taken too long already. For work between two calls of the above.
  bool isUp() const { return excess(Clock::now()) > left(); }

  // Counts what the request has cost beyond the time that its bytes may take.
  void endRequest(uint64_t bytes) {
    bytes_ = bytes;
    spent_ += std::max(excess(Clock::now()), Milliseconds(0));
  }

private:
  Milliseconds excess(Clock::time_point now) const {
    return std::chrono::duration_cast<Milliseconds>(now - start_) -
           Milliseconds(bytes_ / kMinimumRate * 1000 + bytes_ % kMinimumRate * 1000 / kMinimumRate);
  }

  Milliseconds limit_, spent_{0};
  Clock::time_point start_, progressed_;
  uint64_t bytes_ = 0;
};

} // namespace tenon::cache
