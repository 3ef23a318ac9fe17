#include "runtime/device/cpu/Roster.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace tenon::cpu {

Roster::Roster(unsigned seats) : seats_(seats), taking_(seats) {
  assert(seats > 0);
  slowestFirst_.reserve(seats);
}

unsigned Roster::firstSeat() const {
  unsigned seat = 0;
  while (seats_[seat].resting)
    ++seat;
  return seat;
}

double Roster::speed(unsigned seats, double share) { return std::pow(double(seats), 0.75) * std::min(share, 1.0); }

bool Roster::observe(int64_t now, int64_t duration, std::span<const double> shares) {
  assert(shares.size() == seats_.size());
  slowestFirst_.clear();
  for (unsigned seat = 0; seat < seats_.size(); ++seat) {
    if (seats_[seat].resting)
      continue;
    if (shares[seat] >= kWell)
      seats_[seat].rested = 0;
    slowestFirst_.push_back(seat);
  }
  std::sort(slowestFirst_.begin(), slowestFirst_.end(),
            [&](unsigned a, unsigned b) { return shares[a] != shares[b] ? shares[a] < shares[b] : a < b; });

  unsigned best = 0;
  double bestSpeed = kGain * speed(taking_, shares[slowestFirst_[0]]);
  for (unsigned left = 1; left < taking_ && shares[slowestFirst_[left - 1]] < kWell; ++left)
    if (double speedThen = speed(taking_ - left, shares[slowestFirst_[left]]); speedThen > bestSpeed) {
      bestSpeed = speedThen;
      best = left;
    }
  for (unsigned i = 0; i < best; ++i) {
    Seat &seat = seats_[slowestFirst_[i]];
    int64_t longest = std::max(kLongestRest, kRestPerTrial * duration);
    seat.rested = std::clamp(2 * seat.rested, std::max(kFirstRest, kRestPerTrial * duration), longest);
    leaveOut(slowestFirst_[i], now + seat.rested);
  }
  return best != 0;
}

bool Roster::recall(int64_t now) {
  unsigned before = taking_;
  for (unsigned seat = 0; seat < seats_.size(); ++seat)
    if (seats_[seat].resting && now >= seats_[seat].until)
      comeBack(seat);
  return taking_ != before;
}

void Roster::leaveOut(unsigned seat, int64_t until) {
  if (seats_[seat].resting || taking_ == 1)
    return;
  seats_[seat].resting = true;
  seats_[seat].until = until;
  --taking_;
}

void Roster::comeBack(unsigned seat) {
  taking_ += seats_[seat].resting;
  seats_[seat].resting = false;
}

} // namespace tenon::cpu
