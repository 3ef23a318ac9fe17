#include "runtime/device/cpu/Probe.h"
#include "runtime/device/cpu/HostFeatures.h"

#include <cstring>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>
#include <unistd.h>
#include <vector>

using namespace tenon;
using namespace tenon::cpu;

namespace {

template <typename Row> std::string testName(const testing::TestParamInfo<Row> &info);
template <> std::string testName(const testing::TestParamInfo<PeakRow> &info) {
  const char *limits[] = {"read", "f32", "bf16", "int8"};
  std::string name = std::string(limits[static_cast<int>(info.param.limit)]) + "_" + info.param.isa;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}
template <> std::string testName(const testing::TestParamInfo<ReadRow> &info) {
  return std::string(info.param.isa) + "_" + std::to_string(info.param.streams);
}

class PeakLoop : public testing::TestWithParam<PeakRow> {};

TEST_P(PeakLoop, runsWhereItsFeaturesAre) {
  for (const char *feature : GetParam().features)
    if (feature && !HostFeatures::get().has(feature))
      GTEST_SKIP() << "this CPU lacks " << feature;
  GetParam().loop(0);
  GetParam().loop(1000);
  EXPECT_GT(GetParam().opsPerIteration, 0);
}
INSTANTIATE_TEST_SUITE_P(Rows, PeakLoop, testing::ValuesIn(peakRows().begin(), peakRows().end()), testName<PeakRow>);

class ReadLoop : public testing::TestWithParam<ReadRow> {};

// The loop returns the exclusive or of all words, so a byte that is skipped or read twice shows.
TEST_P(ReadLoop, readsEveryByteOnce) {
  const ReadRow &row = GetParam();
  if (row.feature && !HostFeatures::get().has(row.feature))
    GTEST_SKIP() << "this CPU lacks " << row.feature;
  constexpr size_t kStride = 4096 + 64;
  auto memory = Memory::allocate(row.streams * kStride, "test");
  ASSERT_TRUE(memory.isOk());
  std::mt19937_64 random(row.streams);
  for (size_t at = 0; at < memory->size(); at += 8) {
    uint64_t word = random();
    memcpy(memory->data() + at, &word, 8);
  }
  for (auto [begin, end] : {std::pair<size_t, size_t>{0, 4096}, {128, 256}, {512, 512}}) {
    uint64_t expected = 0;
    for (unsigned s = 0; s < row.streams; ++s)
      for (size_t at = begin; at < end; at += 8) {
        uint64_t word;
        memcpy(&word, memory->data() + s * kStride + at, 8);
        expected ^= word;
      }
    EXPECT_EQ(row.loop(memory->data(), kStride, begin, end), expected);
  }
}
INSTANTIATE_TEST_SUITE_P(Rows, ReadLoop, testing::ValuesIn(readRows().begin(), readRows().end()), testName<ReadRow>);

TEST(Probe, measuresWhatTheCpuHas) {
  auto pool = ThreadPool::create();
  ASSERT_TRUE(pool.isOk());
  Probe probe(**pool);
  EXPECT_EQ(probe.readBufferBytes(), 0u) << "no memory before the first bandwidth burst";
  auto limits = probe.measure(1);
  ASSERT_TRUE(limits.isOk()) << limits.status().message();
  EXPECT_GE(probe.readBufferBytes(), uint64_t(8) << 20);
  EXPECT_GT(limits->readBytesPerSecond, 1e6);
  EXPECT_GT(limits->f32FlopsPerSecond, 1e6);
  EXPECT_FALSE(limits->f32Isa.empty());
  EXPECT_GE(limits->readStreams, 1u);
  EXPECT_EQ(limits->bf16FlopsPerSecond > 0, !limits->bf16Isa.empty());
  EXPECT_EQ(limits->int8OpsPerSecond > 0, !limits->int8Isa.empty());

  const HostFeatures &host = HostFeatures::get();
  if (host.arch == "x86-64") {
    EXPECT_EQ(limits->f32Isa, host.has("avx512f") ? "avx512f" : host.has("fma") ? "avx2" : "sse2");
    EXPECT_EQ(limits->bf16Isa, host.has("amx-bf16") ? "amx-bf16" : host.has("avx512bf16") ? "avx512bf16" : "");
  }
}

TEST(CpuTimes, readsStolenTime) {
  std::string path = testing::TempDir() + "CpuTimesTest-" + std::to_string(getpid());
  std::ofstream(path) << "cpu  100 20 30 400 5 6 7 50 1000 1000\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
  CpuTimes before = readCpuTimes(path);
  EXPECT_EQ(before.total, 618u);
  EXPECT_EQ(before.stolen, 50u);
  std::ofstream(path) << "cpu  150 20 30 440 5 6 7 60 1000 1000\n";
  EXPECT_DOUBLE_EQ(stolenShare(before, readCpuTimes(path)), 0.1);
  unlink(path.c_str());
  EXPECT_EQ(readCpuTimes(path).total, 0u);
  EXPECT_EQ(stolenShare(before, before), 0);
  EXPECT_GT(readCpuTimes().total, 0u);
}

} // namespace
