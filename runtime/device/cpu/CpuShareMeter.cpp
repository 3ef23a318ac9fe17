#include "runtime/device/cpu/CpuShareMeter.h"

#include <algorithm>

namespace tenon::cpu {

int64_t CpuShareMeter::readClock(clockid_t clock) {
  struct timespec t = {};
  clock_gettime(clock, &t);
  return int64_t(t.tv_sec) * 1000000000 + t.tv_nsec;
}

CpuShareMeter::CpuShareMeter(std::vector<clockid_t> clocks, ReadClock read)
    : clocks_(std::move(clocks)), read_(read),
      longScope_(std::max(kLongScope, kLongScopePerThread * int64_t(clocks_.size()))), at_(clocks_.size()),
      next_(clocks_.size()), used_(clocks_.size()), shares_(clocks_.size()) {}

void CpuShareMeter::readAll(std::vector<int64_t> &times) const {
  for (size_t i = 0; i < clocks_.size(); ++i)
    times[i] = read_(clocks_[i]);
}

void CpuShareMeter::restart() {
  open_ = false;
  complete_ = 0;
  std::fill(used_.begin(), used_.end(), 0);
}

void CpuShareMeter::begin(int64_t now) {
  int64_t before = ended_ - began_, gap = now - ended_;
  if (open_ && gap <= std::min(kLongestGap, before / kGapsPerScope))
    part_ += gap;
  else
    open_ = false;
  if (!open_ && before >= longScope_) { // this one will be about as long as the last
    readAll(at_);
    lastRead_ = now;
    open_ = true;
    part_ = 0;
  }
  began_ = now;
}

bool CpuShareMeter::end(int64_t now) {
  ended_ = now;
  if (open_) {
    part_ += now - began_;
    if (now - began_ < longScope_ && part_ + complete_ < kWindow)
      return false;
  } else if (now - lastRead_ < kWindow) {
    return false;
  }
  readAll(next_);
  lastRead_ = now;
  bool done = false;
  if (open_) {
    complete_ += part_;
    for (size_t i = 0; i < clocks_.size(); ++i)
      used_[i] += next_[i] - at_[i];
    done = complete_ >= kWindow;
    if (done) {
      for (size_t i = 0; i < clocks_.size(); ++i)
        shares_[i] = double(used_[i]) / double(complete_);
      windowTime_ = complete_;
      restart();
    }
  }
  at_.swap(next_);
  open_ = true;
  part_ = 0;
  return done;
}

} // namespace tenon::cpu
