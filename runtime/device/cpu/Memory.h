// Large allocations and what the machine has left: memory that a step touches comes from one block made at open.
#pragma once

#include "runtime/base/Status.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace tenon::cpu {

class ThreadPool;

// A zero-filled block of anonymous memory, aligned to 2 MiB and backed by huge pages where the system has them.
// Ownership: move-only; unmaps on destruction.
class Memory {
public:
  static constexpr size_t kAlignment = size_t(2) << 20;

  // Reserves `bytes`; pages appear when they are first touched. `purpose` serves the message ("key-value cache").
  // Errors: Resource when fewer bytes are available than wanted (both numbers in the message) or the system refuses. 0
  // bytes give an empty block.
  static Result<Memory> allocate(uint64_t bytes, const std::string &purpose);

  Memory() = default;
  Memory(Memory &&other) noexcept;
  Memory &operator=(Memory &&other) noexcept;
  ~Memory();

  uint8_t *data() const { return data_; }
  uint64_t size() const { return size_; }
  std::span<uint8_t> bytes() const { return {data_, static_cast<size_t>(size_)}; }

  // Makes every page present now, each worker its share, so that no step pays for page faults and, on several NUMA
  // nodes, pages lie near the worker that touched them first.
  void prefault(ThreadPool &pool);

private:
  void reset();

  uint8_t *data_ = nullptr;
  uint64_t size_ = 0;
};

// Mapped bytes of a file that will all be read: asks for huge pages. What is not in the page cache yet is then read
// into 2 MiB pages, where the file system can, and later opens map them 512 times as fast; what is there stays as it
// is.
void expectReads(std::span<const uint8_t> mapped);

// Bytes of a Memory that are used here and there: small pages, so that a first touch clears 4 KiB instead of 2 MiB.
void expectSparseUse(std::span<const uint8_t> bytes);

// Bytes that new allocations may take without swapping: the least of the system's MemAvailable and what the control
// groups around this process leave. 0 when neither is known.
uint64_t availableMemory();

// This process, in bytes; 0 when the system does not say.
uint64_t residentMemory();
uint64_t peakResidentMemory();

// Starts a new peak from the present resident size. False where the kernel does not allow it; the peak then covers the
// whole life of the process.
bool resetPeakResidentMemory();

} // namespace tenon::cpu
