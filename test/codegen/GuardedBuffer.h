// Memory for a kernel's arguments in tests.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tenon::test {

// Bytes with a guard page close behind the end; starts at a multiple of 64. Filled with 0xff (a NaN in every float
// type).
class GuardedBuffer {
public:
  explicit GuardedBuffer(size_t bytes);
  GuardedBuffer(GuardedBuffer &&other) noexcept;
  ~GuardedBuffer();
  uint8_t *data() const { return start; }
  size_t size() const { return bytes; }
  // Whether the bytes between the end and the guard page are as they were.
  bool tailIsIntact() const;

private:
  uint8_t *mapping = nullptr, *start = nullptr;
  size_t mapped = 0, bytes = 0;
};

} // namespace tenon::test
