#include "test/codegen/GuardedBuffer.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

using namespace tenon::test;

GuardedBuffer::GuardedBuffer(size_t bytes) : bytes(bytes) {
  size_t page = sysconf(_SC_PAGESIZE), padded = llvm::alignTo(std::max<size_t>(bytes, 1), 64),
         body = llvm::alignTo(padded, page);
  mapped = body + page;
  mapping = static_cast<uint8_t *>(mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  EXPECT_NE(static_cast<void *>(mapping), MAP_FAILED);
  EXPECT_EQ(mprotect(mapping + body, page, PROT_NONE), 0);
  memset(mapping, 0xff, body);
  start = mapping + body - padded;
}

GuardedBuffer::GuardedBuffer(GuardedBuffer &&other) noexcept
    : mapping(std::exchange(other.mapping, nullptr)), start(other.start), mapped(other.mapped), bytes(other.bytes) {}

GuardedBuffer::~GuardedBuffer() {
  if (mapping)
    munmap(mapping, mapped);
}

bool GuardedBuffer::tailIsIntact() const {
  return std::all_of(start + bytes, start + llvm::alignTo(bytes, 64), [](uint8_t b) { return b == 0xff; });
}
