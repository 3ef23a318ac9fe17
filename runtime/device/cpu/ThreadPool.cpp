// The protocol. The caller publishes a task by advancing `epoch_`; each worker answers by storing that epoch in its own
// slot. Slots instead of one counter: n stores to n lines that the caller polls overlap, n decrements of one line queue
// up.
//
// A worker that waited long enough counts itself in `parked_`, then sleeps on the futex word epoch_ provided it still
// has the value seen. The caller advances epoch_ first and reads parked_ second. Both sides are sequentially
// consistent, so either the caller sees the count and wakes, or the worker sees the new epoch and does not sleep.
//
// A thread that waits longer than it polls yields. A yield that comes back late gave the CPU to somebody for a slice of
// time: whoever goes on like that spends its own slices on waiting and stands in line when its turn has come, a slice
// for every fork. So it sleeps instead, keeps its claim, and is let in soon after it is woken. The caller does so on
// the `done` word of the worker it waits for, which wakes it if it sees joining_: again both sides are sequentially
// consistent.
//
// Who takes part changes between runs only, and nobody waits for a resting worker: it may see a change late, or an
// epoch that is long over. So a seat carries the epoch after which it holds. If a worker sees an epoch past that, then
// the seat is the one of that very run, and the caller cannot change it before the worker has answered.
#include "runtime/device/cpu/ThreadPool.h"

#include "runtime/device/cpu/Cgroup.h"
#include "runtime/device/cpu/Futex.h"
#include "runtime/device/cpu/Topology.h"
#include "runtime/io/SystemError.h"

#include <algorithm>
#include <cassert>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <pthread.h>

namespace tenon::cpu {

static inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory"); // yield is a no-op on most cores; isb waits about as long as x86's pause
#endif
}

// Returns whether somebody else had the CPU meanwhile.
static bool yieldLosesCpu() {
  constexpr int64_t kLate = 200 * 1000; // nanoseconds: above an interrupt, below any slice
  int64_t before = CpuShareMeter::readClock(CLOCK_MONOTONIC);
  sched_yield();
  return CpuShareMeter::readClock(CLOCK_MONOTONIC) - before > kLate;
}

Result<std::unique_ptr<ThreadPool>> ThreadPool::create(const ThreadPoolOptions &options) {
  std::unique_ptr<ThreadPool> pool(new ThreadPool());
  TENON_TRY(pool->start(options));
  return pool;
}

// Pool threads leave signals to the program's own threads; faults stay theirs, so that crash handlers see them.
static sigset_t signalsToBlock() {
  sigset_t set;
  sigfillset(&set);
  for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGPROF})
    sigdelset(&set, fault);
  return set;
}

Status ThreadPool::start(const ThreadPoolOptions &options) {
  if (options.workers > kMaxWorkers)
    return Status(Code::Usage, std::to_string(options.workers) + " threads are wanted, at most " +
                                   std::to_string(kMaxWorkers) + " are possible");
  CpuList allowed = allowedCpus();
  for (unsigned cpu : options.cpus)
    if (!std::binary_search(allowed.begin(), allowed.end(), cpu))
      return Status(Code::Usage, "CPU " + std::to_string(cpu) + " is not among those that this process may use (" +
                                     formatCpuList(allowed) + ")");

  Topology topology = Topology::read(allowed);
  std::optional<double> quota = readCgroupLimits().cpus;
  cpus_ = options.cpus.empty() ? workerOrder(topology) : options.cpus;
  if (options.workers)
    workers_ = options.workers;
  else if (options.cpus.empty())
    workers_ = std::min(kMaxWorkers, defaultWorkers(topology, quota));
  else
    workers_ = static_cast<unsigned>(std::min<size_t>(kMaxWorkers, cpus_.size()));

  bool oversubscribed = workers_ > cpus_.size() || (quota && workers_ > *quota);
  pinned_ = options.pin && workers_ <= cpus_.size();
  if (pinned_)
    cpus_.resize(workers_);
  // Polls between yields: about 50 microseconds of pauses where each worker has its CPU, next to none where the thread
  // waited for may need this one. Patience covers the gaps that are normal: sampling between steps, a serial kernel
  // within one.
  spins_ = oversubscribed ? 16 : 1024;
  idlePatience_ = oversubscribed ? 0 : 100 * 1000;
  activePatience_ = oversubscribed ? 1000 * 1000 : 100 * 1000 * 1000;

  roster_ = Roster(workers_);
  shares_.resize(workers_);
  if (workers_ == 1) {
    assign(Participants::All);
    return Status::ok();
  }
  members_.reserve(workers_ - 1);
  slots_ = std::make_unique<Slot[]>(workers_ - 1);

  sigset_t blocked = signalsToBlock(), previous;
  pthread_sigmask(SIG_BLOCK, &blocked, &previous); // inherited by the new threads
  int error = 0;
  for (unsigned i = 0; i + 1 < workers_ && !error; ++i) {
    Slot &slot = slots_[i];
    slot.pool = this;
    slot.worker = i + 1;
    slot.seat = Seat{slot.worker, 0}.word();
    CpuMask mask = CpuMask::of(pinned_ ? CpuList{cpus_[slot.worker]} : cpus_);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, kStackBytes);
    pthread_attr_setaffinity_np(&attributes, sizeof mask.parts, mask.parts);
    error = pthread_create(&slot.thread, &attributes, threadMain, &slot);
    pthread_attr_destroy(&attributes);
    started_ += error == 0;
  }
  pthread_sigmask(SIG_SETMASK, &previous, nullptr);
  if (error)
    return Status(Code::Resource, "cannot start thread " + std::to_string(started_ + 1) + " of " +
                                      std::to_string(workers_) + ": " + io::errorText(error) + "; use fewer threads");
  assign(Participants::All);
  if (pinned_ && !oversubscribed) {
    std::vector<clockid_t> clocks(workers_, CLOCK_THREAD_CPUTIME_ID);
    bool all = true;
    for (unsigned i = 0; i + 1 < workers_; ++i)
      all &= pthread_getcpuclockid(slots_[i].thread, &clocks[i + 1]) == 0;
    if (all)
      meter_.emplace(std::move(clocks));
  }
  return Status::ok();
}

ThreadPool::~ThreadPool() {
  assert(!running_ && activeDepth_ == 0 && "destroyed in the middle of a step");
  stop_ = true;
  epoch_.fetch_add(1);
  futexWakeAll(epoch_);
  for (unsigned i = 0; i < started_; ++i) {
    slots_[i].turn.fetch_add(1);
    futexWakeAll(slots_[i].turn);
  }
  for (unsigned i = 0; i < started_; ++i)
    pthread_join(slots_[i].thread, nullptr);
}

void *ThreadPool::threadMain(void *argument) {
  Slot &slot = *static_cast<Slot *>(argument);
  char name[16];
  snprintf(name, sizeof name, "tenon-%u", slot.worker);
  pthread_setname_np(pthread_self(), name);
  slot.pool->work(slot);
  return nullptr;
}

void ThreadPool::work(Slot &slot) {
  for (uint32_t epoch = 0;;) {
    epoch = awaitEpochAfter(epoch, slot);
    if (stop_.load(std::memory_order_acquire))
      return;
    Seat seat = Seat::of(slot.seat.load(std::memory_order_acquire));
    if (seat.holdsIn(epoch)) {
      task_(context_, seat.number, taking_);
      slot.done.store(epoch, std::memory_order_seq_cst);
      if (joining_.load(std::memory_order_seq_cst))
        futexWakeAll(slot.done);
    } else if (seat.number == 0) {
      rest(slot);
    }
  }
}

// Parks at once, on a word of the worker's own: forks need not wake it, and it takes nothing of its busy CPU.
void ThreadPool::rest(Slot &slot) {
  for (;;) {
    uint32_t turn = slot.turn.load(std::memory_order_acquire);
    if (stop_.load(std::memory_order_acquire) || Seat::of(slot.seat.load(std::memory_order_acquire)).number != 0)
      return;
    futexWait(slot.turn, turn);
  }
}

// Returns the first epoch that differs from `seen`; `seen` itself if the worker should rest.
uint32_t ThreadPool::awaitEpochAfter(uint32_t seen, const Slot &slot) {
  for (;;) {
    int64_t started = -1;
    for (;;) {
      for (unsigned i = 0; i < spins_; ++i) {
        uint32_t epoch = epoch_.load(std::memory_order_acquire);
        if (epoch != seen)
          return epoch;
        relax();
      }
      if (Seat::of(slot.seat.load(std::memory_order_relaxed)).number == 0)
        return seen;
      int64_t now = CpuShareMeter::readClock(CLOCK_MONOTONIC);
      if (started < 0)
        started = now;
      if (now - started >= (active_.load(std::memory_order_relaxed) ? activePatience_ : idlePatience_))
        break;
      if (yieldLosesCpu())
        break;
    }
    parked_.fetch_add(1, std::memory_order_seq_cst);
    futexWait(epoch_, seen); // also returns when an Active scope opens: back to spinning
    parked_.fetch_sub(1, std::memory_order_relaxed);
  }
}

void ThreadPool::awaitDone(Slot &slot, uint32_t epoch) {
  for (unsigned polls = 0; slot.done.load(std::memory_order_acquire) != epoch;) {
    if (++polls < spins_) {
      relax();
      continue;
    }
    polls = 0;
    if (!yieldLosesCpu())
      continue;
    joining_.store(true, std::memory_order_seq_cst);
    for (uint32_t done; (done = slot.done.load(std::memory_order_seq_cst)) != epoch;)
      futexWait(slot.done, done);
    joining_.store(false, std::memory_order_relaxed);
  }
}

void ThreadPool::run(Task task, void *context) {
  [[maybe_unused]] bool nested = running_.exchange(true, std::memory_order_relaxed);
  assert(!nested && "run was called from a task or from two threads");
  if (activeDepth_ == 0 && taking_ != workers_)
    assign(Participants::All);
  if (taking_ > 1) {
    task_ = task;
    context_ = context;
    uint32_t epoch = epoch_.load(std::memory_order_relaxed) + 1;
    epoch_.store(epoch, std::memory_order_seq_cst);
    if (parked_.load(std::memory_order_seq_cst) != 0)
      futexWakeAll(epoch_);
    task(context, 0, taking_);
    for (Slot *slot : members_)
      awaitDone(*slot, epoch);
  } else {
    task(context, 0, 1);
  }
  running_.store(false, std::memory_order_relaxed);
}

} // namespace tenon::cpu
