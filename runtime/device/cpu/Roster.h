// Which workers of a pool take part in its steps: those whose CPU another process has taken are left out for a while.
//
// A fork-join waits for its slowest worker, so one that gets half of its CPU halves the speed of all. Leaving it out is
// worth more than it does, unless it is one of few or only a little slow. No clocks and no threads here: what was
// measured comes in as numbers. Seat w is worker w's place and CPU; one seat at least always takes part.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tenon::cpu {

class Roster {
public:
  // Nanoseconds. A seat is left out for the first time for kFirstRest; each time it is found slow again the rest
  // doubles, up to kLongestRest, so that trying it costs little. A trial may take as long as a step does, so no rest is
  // shorter than kRestPerTrial times the window that found the seat slow.
  static constexpr int64_t kFirstRest = 100 * 1000 * 1000;
  static constexpr int64_t kLongestRest = 2000 * 1000 * 1000LL;
  static constexpr int64_t kRestPerTrial = 10;
  // A seat with at least this share of its CPU is never left out, and its rests start anew.
  static constexpr double kWell = 0.85;
  // What leaving seats out must promise: below that the figures are not sure enough.
  static constexpr double kGain = 1.05;

  explicit Roster(unsigned seats);

  unsigned taking() const { return taking_; }
  bool anyRests() const { return taking_ != seats_.size(); }
  bool takesPart(unsigned seat) const { return !seats_[seat].resting; }
  unsigned firstSeat() const; // of those that take part

  // A window of `duration` ended at `now`, in which seat w had its CPU for the part shares[w] of the time; those of
  // seats that rest are not read. Returns true if seats were left out. Allocates nothing.
  bool observe(int64_t now, int64_t duration, std::span<const double> shares);
  // Lets the seats come back whose rest is over. Returns true if there were any.
  bool recall(int64_t now);

  // Decide for the caller; a seat that is the last one is not left out.
  void leaveOut(unsigned seat, int64_t until);
  void comeBack(unsigned seat);

  // Speed of `seats` workers of which the slowest has `share` of its CPU, against one alone. Less than proportional:
  // two cores read memory 1.4 to 1.9 times as fast as one, not twice.
  static double speed(unsigned seats, double share);

private:
  struct Seat {
    bool resting = false;
    int64_t until = 0;  // when a resting one comes back
    int64_t rested = 0; // how long the last rest was; 0: the seat did well since
  };
  std::vector<Seat> seats_;
  std::vector<unsigned> slowestFirst_; // observe's own
  unsigned taking_;
};

} // namespace tenon::cpu
