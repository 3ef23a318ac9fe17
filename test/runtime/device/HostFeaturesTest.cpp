#include "runtime/device/cpu/HostFeatures.h"
#include "runtime/io/SmallFile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <sstream>

using namespace tenon;
using namespace tenon::cpu;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;

namespace {

// A CPU with every bit of every leaf set, so that only the operating system's part decides.
X86Source everything(uint64_t xcr0, bool amxPermitted) {
  X86Source source;
  source.cpuid = [](uint32_t leaf, uint32_t subleaf) {
    CpuidResult all{~0u, ~0u, ~0u, ~0u};
    if (leaf == 0)
      all.eax = 0x20;
    if (leaf == 0x80000000)
      all.eax = 0x80000008;
    if (leaf == 7 && subleaf == 0)
      all.eax = 2;
    return all;
  };
  source.xcr0 = xcr0;
  source.amxPermitted = amxPermitted;
  return source;
}

TEST(HostFeatures, aFeatureNeedsItsSavedRegisters) {
  auto names = decodeX86Features(everything(0, false));
  EXPECT_THAT(names, Contains("sse4.2"));
  EXPECT_THAT(names, Contains("bmi2"));
  EXPECT_THAT(names, Not(Contains("avx2")));

  names = decodeX86Features(everything(0x7, false));
  EXPECT_THAT(names, Contains("avx2"));
  EXPECT_THAT(names, Contains("avxvnni"));
  EXPECT_THAT(names, Not(Contains("avx512f")));

  names = decodeX86Features(everything(0xe7, true));
  EXPECT_THAT(names, Contains("avx512bf16"));
  EXPECT_THAT(names, Not(Contains("amx-tile"))) << "permission without saved tiles";

  names = decodeX86Features(everything(0x600e7, false));
  EXPECT_THAT(names, Not(Contains("amx-tile"))) << "saved tiles without permission";

  names = decodeX86Features(everything(0x600e7, true));
  EXPECT_THAT(names, Contains("amx-tile"));
  EXPECT_THAT(names, Contains("amx-int8"));
  EXPECT_THAT(names, Contains("amx-bf16"));
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
}

TEST(HostFeatures, leavesBeyondTheLastAreNotRead) {
  X86Source source = everything(0x600e7, true);
  auto full = source.cpuid;
  source.cpuid = [full](uint32_t leaf, uint32_t subleaf) {
    CpuidResult r = full(leaf, subleaf);
    if (leaf == 7 && subleaf == 0)
      r.eax = 0; // no subleaf 1: a real CPU answers with another leaf's bits
    return r;
  };
  EXPECT_THAT(decodeX86Features(source), Not(Contains("avx512bf16")));
  EXPECT_THAT(decodeX86Features(source), Contains("avx512vnni"));
  source.cpuid = [full](uint32_t leaf, uint32_t subleaf) {
    CpuidResult r = full(leaf, subleaf);
    if (leaf == 0)
      r.eax = 1;
    return r;
  };
  EXPECT_THAT(decodeX86Features(source), Not(Contains("avx2")));
  EXPECT_THAT(decodeX86Features(source), Contains("avx"));
}

TEST(HostFeatures, namesTheCpu) {
  X86Source source;
  source.cpuid = [](uint32_t leaf, uint32_t) {
    CpuidResult r;
    if (leaf == 0x80000000)
      r.eax = 0x80000004;
    if (leaf == 0x80000002)
      r = {0x63412020, 0x6320656d, 0x00007570, 0}; // "  Acme cpu"
    return r;
  };
  EXPECT_EQ(decodeX86Name(source), "Acme cpu");
}

TEST(HostFeatures, decodesAarch64) {
  EXPECT_THAT(decodeAarch64Features(0x3, 0), ElementsAre("fp-armv8", "neon"));
  EXPECT_THAT(decodeAarch64Features(1u << 20 | 1u << 1, 1u << 13 | 1u << 14),
              ElementsAre("bf16", "dotprod", "i8mm", "neon"));
}

TEST(HostFeatures, saysWhatIsMissing) {
  HostFeatures host;
  host.features = {"avx", "avx2", "fma"};
  EXPECT_TRUE(host.has("avx2"));
  EXPECT_FALSE(host.has("avx5"));
  EXPECT_THAT(host.missing({"fma", "avx512f", "avx", "amx-int8"}), ElementsAre("avx512f", "amx-int8"));
}

#if defined(__x86_64__)
// The kernel decodes the same registers on its own.
TEST(HostFeatures, agreesWithTheKernel) {
  const std::map<std::string, std::string> kernelName = {
      {"avx", "avx"},
      {"avx2", "avx2"},
      {"fma", "fma"},
      {"f16c", "f16c"},
      {"bmi2", "bmi2"},
      {"avx512f", "avx512f"},
      {"avx512bw", "avx512bw"},
      {"avx512dq", "avx512dq"},
      {"avx512vl", "avx512vl"},
      {"avx512vnni", "avx512_vnni"},
      {"avx512bf16", "avx512_bf16"},
      {"avxvnni", "avx_vnni"},
      {"amx-tile", "amx_tile"},
      {"amx-int8", "amx_int8"},
      {"amx-bf16", "amx_bf16"},
      {"avx512fp16", "avx512_fp16"},
      {"sse4.2", "sse4_2"},
      {"lzcnt", "abm"},
      {"sahf", "lahf_lm"},
      {"pclmul", "pclmulqdq"},
  };
  auto text = io::readSmallFile("/proc/cpuinfo");
  ASSERT_TRUE(text);
  size_t at = text->find("\nflags");
  ASSERT_NE(at, text->npos);
  std::istringstream line(text->substr(text->find(':', at) + 1, text->find('\n', at + 1) - text->find(':', at) - 1));
  std::vector<std::string> flags{std::istream_iterator<std::string>(line), {}};
  for (const auto &[ours, theirs] : kernelName)
    EXPECT_EQ(HostFeatures::get().has(ours), std::find(flags.begin(), flags.end(), theirs) != flags.end()) << ours;
}
#endif

TEST(HostFeatures, thisMachineHasAnArchitectureAndAName) {
  EXPECT_THAT(HostFeatures::get().arch, testing::AnyOf("x86-64", "aarch64"));
  EXPECT_FALSE(HostFeatures::get().cpuName.empty());
  EXPECT_FALSE(HostFeatures::get().features.empty());
}

} // namespace
