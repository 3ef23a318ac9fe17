// Active scopes, and who takes part in them.
#include "runtime/device/cpu/Futex.h"
#include "runtime/device/cpu/ThreadPool.h"

#include <ctime>
#include <pthread.h>

namespace tenon::cpu {

// Gives everyone who takes part a number, in the order of their CPUs, and sends the others to rest. Between runs only.
void ThreadPool::assign(Participants who) {
  bool all = who == Participants::All;
  callerSeat_ = all ? 0 : roster_.firstSeat();
  members_.clear();
  uint32_t epoch = epoch_.load(std::memory_order_relaxed), next = 1;
  for (unsigned seat = 1; seat < workers_; ++seat) {
    Slot &slot = slots_[seat - 1];
    bool member = seat != callerSeat_ && (all || roster_.takesPart(seat));
    bool rested = Seat::of(slot.seat.load(std::memory_order_relaxed)).number == 0;
    slot.seat.store(Seat{member ? next++ : 0, epoch}.word(), std::memory_order_release);
    if (member)
      members_.push_back(&slot);
    if (member && rested) {
      slot.turn.fetch_add(1, std::memory_order_release);
      futexWakeAll(slot.turn);
    }
  }
  taking_ = next;
  assigned_ = who;
}

void ThreadPool::enter(Participants who) {
  began_ = CpuShareMeter::readClock(CLOCK_MONOTONIC);
  bool back = roster_.anyRests() && roster_.recall(began_);
  if (back || (roster_.anyRests() && who != assigned_))
    assign(who);
  measuring_ = meter_ && who == Participants::Free;
  if (!meter_)
    return;
  if (back || !measuring_ || !pthread_equal(caller_, pthread_self()))
    meter_->restart();
  caller_ = pthread_self();
  if (measuring_)
    meter_->begin(began_);
}

void ThreadPool::leave() {
  int64_t now = CpuShareMeter::readClock(CLOCK_MONOTONIC), time = now - began_;
  activeTime_ += double(time);
  activeWorkers_ += double(time) * taking_;
  if (!measuring_ || !meter_->end(now))
    return;
  for (unsigned seat = 0; seat < workers_; ++seat)
    shares_[seat] = meter_->shares()[seat == callerSeat_ ? 0 : seat];
  if (roster_.observe(now, meter_->windowTime(), shares_))
    assign(Participants::Free);
}

double ThreadPool::meanTaking() const { return activeTime_ > 0 ? activeWorkers_ / activeTime_ : workers_; }

ThreadPool::Active::Active(ThreadPool &pool, Participants who) : pool_(pool) {
  if (pool_.activeDepth_++ != 0)
    return;
  pool_.active_.store(true, std::memory_order_relaxed);
  pool_.enter(who);
  if (pool_.parked_.load(std::memory_order_seq_cst) != 0)
    futexWakeAll(pool_.epoch_);
  // Otherwise the scheduler may have put the caller on the CPU to which another worker is pinned, and would leave it
  // there for milliseconds.
  if (pool_.pinned_ && getThreadMask(callerMask_)) {
    CpuMask own;
    CPU_SET_S(pool_.cpus_[pool_.callerSeat_], sizeof own.parts, own.parts);
    restoreMask_ = !(own == callerMask_) && setThreadMask(own);
  }
}

ThreadPool::Active::~Active() {
  if (--pool_.activeDepth_ != 0)
    return;
  pool_.leave();
  pool_.active_.store(false, std::memory_order_relaxed);
  if (restoreMask_)
    setThreadMask(callerMask_);
}

} // namespace tenon::cpu
