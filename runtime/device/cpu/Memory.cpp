#include "runtime/device/cpu/Memory.h"

#include "runtime/base/Checked.h"
#include "runtime/device/cpu/Cgroup.h"
#include "runtime/device/cpu/ThreadPool.h"
#include "runtime/io/SmallFile.h"
#include "runtime/io/SystemError.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace tenon::cpu {

Result<Memory> Memory::allocate(uint64_t bytes, const std::string &purpose) {
  Memory memory;
  if (bytes == 0)
    return memory;
  auto refuse = [&](const std::string &why) {
    return Status(Code::Resource, purpose + ": " + std::to_string(bytes) + " bytes of memory are needed, " + why +
                                      "; free some, or use a smaller model, context or batch");
  };
  if (uint64_t available = availableMemory(); available != 0 && bytes > available)
    return refuse(std::to_string(available) + " are available");
  // mmap aligns to small pages; reserve one huge page more and give both ends back.
  uint64_t length, reserved;
  if (!checkedAlignUp(bytes, kAlignment, length) || !checkedAdd<uint64_t>(length, kAlignment, reserved) ||
      reserved > uint64_t(PTRDIFF_MAX))
    return refuse("more than an address space holds");
  void *raw = mmap(nullptr, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (raw == MAP_FAILED)
    return refuse("the system says '" + io::errorText(errno) + "'");
  uintptr_t begin = reinterpret_cast<uintptr_t>(raw), aligned = (begin + kAlignment - 1) & ~(kAlignment - 1);
  if (aligned != begin)
    munmap(raw, aligned - begin);
  if (uintptr_t end = begin + reserved; end != aligned + length)
    munmap(static_cast<uint8_t *>(raw) + (aligned - begin) + length, end - aligned - length);
  memory.data_ = static_cast<uint8_t *>(raw) + (aligned - begin);
  memory.size_ = bytes;
  // Advice only: without huge pages everything still works, a few percent slower.
  (void)madvise(memory.data_, length, MADV_HUGEPAGE);
  return memory;
}

void Memory::prefault(ThreadPool &pool) {
  uint64_t huge = kAlignment, page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  pool.run([&](uint32_t worker, uint32_t workers) {
    Share share = shareOf(size_, worker, workers, huge);
    for (uint64_t at = share.begin; at < share.end; at += page) {
      volatile uint8_t *byte = data_ + at;
      *byte = *byte; // a write: reading would map the shared zero page
    }
  });
}

// The pages that `bytes` touches; advice only, as above.
static void advise(std::span<const uint8_t> bytes, int advice) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t intoPage = reinterpret_cast<uintptr_t>(bytes.data()) % page;
  (void)madvise(const_cast<uint8_t *>(bytes.data()) - intoPage, bytes.size() + intoPage, advice);
}

void expectReads(std::span<const uint8_t> mapped) { advise(mapped, MADV_HUGEPAGE); }
void expectSparseUse(std::span<const uint8_t> bytes) { advise(bytes, MADV_NOHUGEPAGE); }

Memory::Memory(Memory &&other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Memory &Memory::operator=(Memory &&other) noexcept {
  if (this == &other)
    return *this;
  reset();
  data_ = std::exchange(other.data_, nullptr);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

Memory::~Memory() { reset(); }

void Memory::reset() {
  if (data_)
    munmap(data_, (size_ + kAlignment - 1) & ~uint64_t(kAlignment - 1));
  data_ = nullptr;
  size_ = 0;
}

// A line of a /proc file that counts kB.
static std::optional<uint64_t> kilobytes(const char *path, const char *key) {
  auto text = io::readSmallFile(path);
  auto number = text ? io::numberAfter(*text, key) : std::nullopt;
  return number ? std::optional(*number * 1024) : std::nullopt;
}

uint64_t availableMemory() {
  std::optional<uint64_t> system = kilobytes("/proc/meminfo", "MemAvailable:");
  std::optional<uint64_t> group = readCgroupLimits().memoryAvailable;
  if (system && group)
    return std::min(*system, *group);
  return system ? *system : group.value_or(0);
}

uint64_t residentMemory() { return kilobytes("/proc/self/status", "VmRSS:").value_or(0); }
uint64_t peakResidentMemory() { return kilobytes("/proc/self/status", "VmHWM:").value_or(0); }

bool resetPeakResidentMemory() {
  int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  bool done = write(fd, "5", 1) == 1; // 5: reset the high-water mark only
  close(fd);
  return done;
}

} // namespace tenon::cpu
