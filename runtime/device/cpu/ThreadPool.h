// A fork-join pool for steps of many short kernels: workers spin between the kernels of a step and sleep between steps.
//
// Worker 0 is the calling thread; workers 1 .. n-1 are threads of the pool, each pinned to its CPU. Within an Active
// scope a fork-join costs about a cache-line round trip; outside it, workers park on a futex and the first run wakes
// them. With more workers than CPUs nothing is pinned and waiting threads yield at once, so that results and progress
// do not depend on the machine. Threads: a pool belongs to one thread at a time, which alone calls run and opens Active
// scopes.
//
// Pinned workers whose CPU another process has taken are left out of Active scopes for a while (Roster.h), so that the
// others need not wait for them. If it is worker 0's CPU, the caller goes to another worker's, which rests instead.
#pragma once

#include "runtime/base/Status.h"
#include "runtime/device/cpu/CpuSet.h"
#include "runtime/device/cpu/CpuShareMeter.h"
#include "runtime/device/cpu/Roster.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace tenon::cpu {

struct ThreadPoolOptions {
  unsigned workers = 0;       // 0: one per physical core that affinity mask and CPU quota leave
  std::vector<unsigned> cpus; // taken in this order; empty: every allowed CPU, cores before their hardware threads
  bool pin = true;            // false: the scheduler places workers, within `cpus`
};

class ThreadPool {
public:
  // Called once per worker that takes part, with worker in [0, workers) and workers <= workers(). Must not throw and
  // must not call run.
  using Task = void (*)(void *context, uint32_t worker, uint32_t workers);

  static constexpr unsigned kMaxWorkers = 1024;
  // What a task may rely on, minus a few frames; pages are touched only when used. Worker 0 has the caller's own stack.
  static constexpr size_t kStackBytes = size_t(8) << 20;

  // Errors: Usage (too many workers, a CPU that this process may not use), Resource (the system starts no more
  // threads).
  static Result<std::unique_ptr<ThreadPool>> create(const ThreadPoolOptions &options = {});

  // Waits for nothing: no run may be in progress.
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  // All workers, whether they rest or not: what buffers per worker are sized by.
  unsigned workers() const { return workers_; }
  // How many took part in Active scopes, on average over the time in them; workers() before the first.
  double meanTaking() const;
  bool pinned() const { return pinned_; }
  // The CPU of each worker if pinned, else the CPUs that all of them share.
  const std::vector<unsigned> &cpus() const { return cpus_; }

  // Runs task(context, w, n) for every w in [0, n) and returns when all have; n is workers(), or within an Active scope
  // the number that takes part in it. What the caller wrote before is visible to the tasks, what they wrote is visible
  // after. Allocates nothing, takes no lock.
  void run(Task task, void *context);

  // The same for a callable body(worker, workers).
  template <typename Body> void run(Body &&body) {
    using Plain = std::remove_reference_t<Body>;
    run([](void *context, uint32_t worker, uint32_t workers) { (*static_cast<Plain *>(context))(worker, workers); },
        const_cast<void *>(static_cast<const void *>(std::addressof(body))));
  }

  // Free: those that do not rest. All: everyone, whatever it costs; for measurements of the machine.
  enum class Participants { Free, All };

  // While one lives, workers spin instead of parking, the calling thread is pinned to worker 0's CPU (its own mask
  // comes back at the end), and the same workers take part in every run. Open one around each step. May be nested; the
  // outermost decides who takes part.
  class Active {
  public:
    explicit Active(ThreadPool &pool, Participants who = Participants::Free);
    ~Active();
    Active(const Active &) = delete;
    Active &operator=(const Active &) = delete;

  private:
    ThreadPool &pool_;
    CpuMask callerMask_;
    bool restoreMask_ = false;
  };

private:
  friend struct ThreadPoolTestAccess; // leaves workers out by name

  // A worker's place: its number in the runs after epoch `after`; 0 if it rests.
  struct Seat {
    uint32_t number, after;
    static Seat of(uint64_t word) { return {uint32_t(word >> 32), uint32_t(word)}; }
    uint64_t word() const { return uint64_t(number) << 32 | after; }
    bool holdsIn(uint32_t epoch) const { return number != 0 && int32_t(epoch - after) > 0; }
  };

  // One per pool thread, on lines of its own (two, for the prefetcher that fetches pairs).
  struct alignas(128) Slot {
    std::atomic<uint32_t> done{0}; // the last epoch that this worker finished; futex word of a caller that waits long
    std::atomic<uint32_t> turn{0}; // futex word of a resting worker; advances when it is called back
    std::atomic<uint64_t> seat{0}; // see Seat
    ThreadPool *pool = nullptr;
    uint32_t worker = 0;
    pthread_t thread{};
  };

  ThreadPool() = default;
  Status start(const ThreadPoolOptions &options);
  static void *threadMain(void *slot);
  void work(Slot &slot);
  uint32_t awaitEpochAfter(uint32_t seen, const Slot &slot);
  void rest(Slot &slot);
  void awaitDone(Slot &slot, uint32_t epoch);
  void assign(Participants who);
  void enter(Participants who);
  void leave();

  // Read by all workers at every fork; written by the caller only.
  alignas(128) std::atomic<uint32_t> epoch_{0}; // number of runs; also the futex word
  Task task_ = nullptr;                         // task, context and taking are published by epoch_, and read only
  void *context_ = nullptr;                     // by those that take part
  unsigned taking_ = 0;                         // how many those are
  std::atomic<bool> stop_{false};
  std::atomic<bool> active_{false};

  alignas(128) std::atomic<uint32_t> parked_{0};  // workers in, or about to enter, the futex
  alignas(128) std::atomic<bool> joining_{false}; // the caller sleeps, or is about to, on some worker's done

  alignas(128) unsigned workers_ = 0;
  unsigned started_ = 0; // threads to join
  unsigned activeDepth_ = 0;
  unsigned spins_ = 0;         // polls between two yields
  int64_t idlePatience_ = 0;   // nanoseconds of waiting before parking, outside and
  int64_t activePatience_ = 0; // inside an Active scope
  bool pinned_ = false;
  std::atomic<bool> running_{false}; // only to catch misuse
  std::vector<unsigned> cpus_;
  std::unique_ptr<Slot[]> slots_; // of workers 1 .. workers_ - 1
  std::vector<Slot *> members_;   // those that take part

  Roster roster_{1};
  std::optional<CpuShareMeter> meter_; // only where workers have CPUs of their own
  std::vector<double> shares_;         // of each seat
  pthread_t caller_{};                 // in the last Active scope
  unsigned callerSeat_ = 0;            // the caller sits on this worker's CPU
  Participants assigned_ = Participants::All;
  bool measuring_ = false;                    // the Active scope at hand
  int64_t began_ = 0;                         // of the outermost Active scope
  double activeTime_ = 0, activeWorkers_ = 0; // nanoseconds in Active scopes; the same, times those taking part
};

// Worker `worker`'s part of `total` items: contiguous, a multiple of `grain` (the last part takes what remains), as
// even as grain allows.
struct Share {
  uint64_t begin, end;
};
inline Share shareOf(uint64_t total, uint32_t worker, uint32_t workers, uint64_t grain = 1) {
  uint64_t grains = total / grain + (total % grain != 0);
  uint64_t each = grains / workers, extra = grains % workers; // the first `extra` workers take one more
  uint64_t first = worker * each + (worker < extra ? worker : extra);
  uint64_t last = first + each + (worker < extra ? 1 : 0);
  return {first * grain < total ? first * grain : total, last * grain < total ? last * grain : total};
}

} // namespace tenon::cpu
