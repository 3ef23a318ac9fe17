#include "runtime/device/cpu/Memory.h"
#include "runtime/device/cpu/ThreadPool.h"

#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace tenon;
using namespace tenon::cpu;
using testing::HasSubstr;

namespace {

constexpr uint64_t kMiB = 1 << 20;

TEST(Memory, isAlignedAndZero) {
  for (uint64_t bytes : {uint64_t(1), uint64_t(4096), 2 * kMiB, 5 * kMiB + 3}) {
    auto memory = Memory::allocate(bytes, "test");
    ASSERT_TRUE(memory.isOk()) << memory.status().message();
    EXPECT_EQ(memory->size(), bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(memory->data()) % Memory::kAlignment, 0u);
    EXPECT_EQ(memory->bytes().front(), 0);
    EXPECT_EQ(memory->bytes().back(), 0);
    memset(memory->data(), 1, bytes);
  }
}

TEST(Memory, expectsReadsOfAnyPart) {
  auto memory = Memory::allocate(4 * kMiB, "test");
  ASSERT_TRUE(memory.isOk());
  memory->data()[5000] = 7;
  expectReads({});
  expectReads(std::span<const uint8_t>(memory->bytes()).subspan(5000, 1)); // within a page
  expectReads(memory->bytes());
  EXPECT_EQ(memory->data()[5000], 7);
}

TEST(Memory, movesAndMayBeEmpty) {
  auto empty = Memory::allocate(0, "test");
  ASSERT_TRUE(empty.isOk());
  EXPECT_EQ(empty->size(), 0u);
  auto memory = Memory::allocate(kMiB, "test");
  ASSERT_TRUE(memory.isOk());
  uint8_t *data = memory->data();
  *empty = std::move(*memory);
  EXPECT_EQ(empty->data(), data);
  EXPECT_EQ(memory->data(), nullptr);
}

TEST(Memory, refusesMoreThanTheMachineHas) {
  for (uint64_t bytes : {uint64_t(1) << 50, UINT64_MAX, UINT64_MAX - Memory::kAlignment}) {
    auto memory = Memory::allocate(bytes, "key-value cache");
    ASSERT_FALSE(memory.isOk());
    EXPECT_EQ(memory.status().code(), Code::Resource);
    EXPECT_THAT(memory.status().message(), HasSubstr("key-value cache: " + std::to_string(bytes) + " bytes"));
  }
}

TEST(Memory, knowsWhatIsResident) {
  EXPECT_GT(availableMemory(), kMiB);
  uint64_t before = residentMemory();
  ASSERT_GT(before, 0u);
  auto pool = ThreadPool::create();
  ASSERT_TRUE(pool.isOk());
  bool reset = resetPeakResidentMemory();
  {
    auto memory = Memory::allocate(64 * kMiB, "test");
    ASSERT_TRUE(memory.isOk());
    EXPECT_LT(residentMemory(), before + 32 * kMiB) << "allocation alone makes nothing resident";
    memory->prefault(**pool);
    EXPECT_GT(residentMemory(), before + 60 * kMiB);
  }
  EXPECT_LT(residentMemory(), before + 32 * kMiB);
  EXPECT_GT(peakResidentMemory(), before + 60 * kMiB);
  if (reset) {
    ASSERT_TRUE(resetPeakResidentMemory());
    EXPECT_LT(peakResidentMemory(), before + 48 * kMiB);
  }
}

} // namespace
