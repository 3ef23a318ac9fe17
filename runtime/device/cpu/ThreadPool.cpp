// The protocol. The caller publishes a task by advancing `epoch_`; each worker answers by storing that epoch in its own
// slot. Slots instead of one counter: n stores to n lines that the caller polls overlap, n decrements of one line queue
// up.
//
// A worker that waited long enough counts itself in `parked_`, then sleeps on the futex word epoch_ provided it still
// has the value seen. The caller advances epoch_ first and reads parked_ second. Both sides are sequentially
// consistent, so either the caller sees the count and wakes, or the worker sees the new epoch and does not sleep.
#include "runtime/device/cpu/ThreadPool.h"

#include "runtime/device/cpu/Cgroup.h"
#include "runtime/device/cpu/Topology.h"
#include "runtime/io/SystemError.h"

#include <algorithm>
#include <cassert>
#include <climits>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tenon::cpu {

static inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory"); // yield is a no-op on most cores; isb waits about as long as x86's pause
#endif
}

static int64_t nanoseconds() {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return int64_t(t.tv_sec) * 1000000000 + t.tv_nsec;
}

static void futexWait(std::atomic<uint32_t> &word, uint32_t expected) {
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
}
static void futexWakeAll(std::atomic<uint32_t> &word) {
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
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

  if (workers_ == 1)
    return Status::ok();
  slots_ = std::make_unique<Slot[]>(workers_ - 1);

  sigset_t blocked = signalsToBlock(), previous;
  pthread_sigmask(SIG_BLOCK, &blocked, &previous); // inherited by the new threads
  int error = 0;
  for (unsigned i = 0; i + 1 < workers_ && !error; ++i) {
    Slot &slot = slots_[i];
    slot.pool = this;
    slot.worker = i + 1;
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
  return Status::ok();
}

ThreadPool::~ThreadPool() {
  assert(!running_ && activeDepth_ == 0 && "destroyed in the middle of a step");
  stop_ = true;
  epoch_.fetch_add(1);
  futexWakeAll(epoch_);
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
  uint32_t epoch = 0;
  for (;;) {
    epoch = awaitEpochAfter(epoch);
    if (stop_)
      return;
    task_(context_, slot.worker, workers_);
    slot.done.store(epoch, std::memory_order_release);
  }
}

// Returns the first epoch that differs from `seen`.
uint32_t ThreadPool::awaitEpochAfter(uint32_t seen) {
  for (;;) {
    int64_t started = -1;
    for (;;) {
      for (unsigned i = 0; i < spins_; ++i) {
        uint32_t epoch = epoch_.load(std::memory_order_acquire);
        if (epoch != seen)
          return epoch;
        relax();
      }
      int64_t now = nanoseconds();
      if (started < 0)
        started = now;
      if (now - started >= (active_.load(std::memory_order_relaxed) ? activePatience_ : idlePatience_))
        break;
      sched_yield();
    }
    parked_.fetch_add(1, std::memory_order_seq_cst);
    futexWait(epoch_, seen); // also returns when an Active scope opens: back to spinning
    parked_.fetch_sub(1, std::memory_order_relaxed);
  }
}

void ThreadPool::run(Task task, void *context) {
  [[maybe_unused]] bool nested = running_.exchange(true, std::memory_order_relaxed);
  assert(!nested && "run was called from a task or from two threads");
  if (workers_ > 1) {
    task_ = task;
    context_ = context;
    uint32_t epoch = epoch_.load(std::memory_order_relaxed) + 1;
    epoch_.store(epoch, std::memory_order_seq_cst);
    if (parked_.load(std::memory_order_seq_cst) != 0)
      futexWakeAll(epoch_);
    task(context, 0, workers_);
    for (unsigned i = 0; i + 1 < workers_; ++i)
      for (unsigned polls = 0; slots_[i].done.load(std::memory_order_acquire) != epoch;) {
        if (++polls < spins_) {
          relax();
          continue;
        }
        sched_yield();
        polls = 0;
      }
  } else {
    task(context, 0, 1);
  }
  running_.store(false, std::memory_order_relaxed);
}

ThreadPool::Active::Active(ThreadPool &pool) : pool_(pool) {
  if (pool_.activeDepth_++ != 0)
    return;
  pool_.active_.store(true, std::memory_order_relaxed);
  if (pool_.parked_.load(std::memory_order_seq_cst) != 0)
    futexWakeAll(pool_.epoch_);
  // Otherwise the scheduler may have put the caller on the CPU to which another worker is pinned, and would leave it
  // there for milliseconds.
  if (pool_.pinned_ && getThreadMask(callerMask_)) {
    CpuMask own;
    CPU_SET_S(pool_.cpus_[0], sizeof own.parts, own.parts);
    restoreMask_ = !(own == callerMask_) && setThreadMask(own);
  }
}

ThreadPool::Active::~Active() {
  if (--pool_.activeDepth_ != 0)
    return;
  pool_.active_.store(false, std::memory_order_relaxed);
  if (restoreMask_)
    setThreadMask(callerMask_);
}

} // namespace tenon::cpu
