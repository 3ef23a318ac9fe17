// Bit positions: Intel SDM volume 2 (CPUID) and AMD APM volume 3 for x86, the kernel's
// arch/arm64/include/uapi/asm/hwcap.h for aarch64. To know a new feature, add its row.
#include "runtime/device/cpu/HostFeatures.h"

#include "runtime/io/SmallFile.h"

#include <algorithm>
#include <cstring>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace tenon::cpu {

namespace {

enum Register : uint8_t { EAX, EBX, ECX, EDX };

// Which saved register state a feature depends on: none beyond SSE, YMM, ZMM with mask registers, or tiles.
enum class State : uint8_t { Sse, Ymm, Zmm, Tile };

struct X86Row {
  const char *name;
  uint32_t leaf, subleaf;
  Register reg;
  uint8_t bit;
  State state = State::Sse;
};

constexpr X86Row kX86[] = {
    {"cmov", 1, 0, EDX, 15},
    {"cx8", 1, 0, EDX, 8},
    {"mmx", 1, 0, EDX, 23},
    {"fxsr", 1, 0, EDX, 24},
    {"sse", 1, 0, EDX, 25},
    {"sse2", 1, 0, EDX, 26},
    {"sse3", 1, 0, ECX, 0},
    {"pclmul", 1, 0, ECX, 1},
    {"ssse3", 1, 0, ECX, 9},
    {"cx16", 1, 0, ECX, 13},
    {"sse4.1", 1, 0, ECX, 19},
    {"sse4.2", 1, 0, ECX, 20},
    {"movbe", 1, 0, ECX, 22},
    {"popcnt", 1, 0, ECX, 23},
    {"aes", 1, 0, ECX, 25},
    {"rdrnd", 1, 0, ECX, 30},
    {"fma", 1, 0, ECX, 12, State::Ymm},
    {"xsave", 1, 0, ECX, 26, State::Ymm},
    {"avx", 1, 0, ECX, 28, State::Ymm},
    {"f16c", 1, 0, ECX, 29, State::Ymm},
    {"fsgsbase", 7, 0, EBX, 0},
    {"bmi", 7, 0, EBX, 3},
    {"avx2", 7, 0, EBX, 5, State::Ymm},
    {"bmi2", 7, 0, EBX, 8},
    {"avx512f", 7, 0, EBX, 16, State::Zmm},
    {"avx512dq", 7, 0, EBX, 17, State::Zmm},
    {"rdseed", 7, 0, EBX, 18},
    {"adx", 7, 0, EBX, 19},
    {"avx512ifma", 7, 0, EBX, 21, State::Zmm},
    {"clflushopt", 7, 0, EBX, 23},
    {"clwb", 7, 0, EBX, 24},
    {"avx512cd", 7, 0, EBX, 28, State::Zmm},
    {"sha", 7, 0, EBX, 29},
    {"avx512bw", 7, 0, EBX, 30, State::Zmm},
    {"avx512vl", 7, 0, EBX, 31, State::Zmm},
    {"avx512vbmi", 7, 0, ECX, 1, State::Zmm},
    {"avx512vbmi2", 7, 0, ECX, 6, State::Zmm},
    {"gfni", 7, 0, ECX, 8},
    {"vaes", 7, 0, ECX, 9, State::Ymm},
    {"vpclmulqdq", 7, 0, ECX, 10, State::Ymm},
    {"avx512vnni", 7, 0, ECX, 11, State::Zmm},
    {"avx512bitalg", 7, 0, ECX, 12, State::Zmm},
    {"avx512vpopcntdq", 7, 0, ECX, 14, State::Zmm},
    {"rdpid", 7, 0, ECX, 22},
    {"avx512vp2intersect", 7, 0, EDX, 8, State::Zmm},
    {"serialize", 7, 0, EDX, 14},
    {"amx-bf16", 7, 0, EDX, 22, State::Tile},
    {"avx512fp16", 7, 0, EDX, 23, State::Zmm},
    {"amx-tile", 7, 0, EDX, 24, State::Tile},
    {"amx-int8", 7, 0, EDX, 25, State::Tile},
    {"avxvnni", 7, 1, EAX, 4, State::Ymm},
    {"avx512bf16", 7, 1, EAX, 5, State::Zmm},
    {"amx-fp16", 7, 1, EAX, 21, State::Tile},
    {"avxifma", 7, 1, EAX, 23, State::Ymm},
    {"avxvnniint8", 7, 1, EDX, 4, State::Ymm},
    {"avxneconvert", 7, 1, EDX, 5, State::Ymm},
    {"amx-complex", 7, 1, EDX, 8, State::Tile},
    {"avxvnniint16", 7, 1, EDX, 10, State::Ymm},
    {"prefetchi", 7, 1, EDX, 14},
    {"sahf", 0x80000001, 0, ECX, 0},
    {"lzcnt", 0x80000001, 0, ECX, 5},
    {"sse4a", 0x80000001, 0, ECX, 6},
    {"prfchw", 0x80000001, 0, ECX, 8},
};

struct ArmRow {
  const char *name;
  uint8_t word, bit; // word 0: AT_HWCAP, 1: AT_HWCAP2
};

constexpr ArmRow kArm[] = {
    {"fp-armv8", 0, 0}, {"neon", 0, 1},     {"aes", 0, 3},   {"sha2", 0, 6},     {"crc", 0, 7},
    {"lse", 0, 8},      {"fullfp16", 0, 9}, {"rdm", 0, 12},  {"jsconv", 0, 13},  {"complxnum", 0, 14},
    {"rcpc", 0, 15},    {"sha3", 0, 17},    {"sm4", 0, 19},  {"dotprod", 0, 20}, {"sve", 0, 22},
    {"fp16fml", 0, 23}, {"sve2", 1, 1},     {"i8mm", 1, 13}, {"bf16", 1, 14},    {"sme", 1, 23},
};

bool isSaved(State state, const X86Source &source) {
  auto all = [&](uint64_t bits) { return (source.xcr0 & bits) == bits; };
  switch (state) {
  case State::Sse:
    return true;
  case State::Ymm:
    return all(0x6); // XMM and upper YMM halves
  case State::Zmm:
    return all(0xe6); // and mask registers, upper ZMM halves, ZMM16-31
  case State::Tile:
    return all(0x60000) && source.amxPermitted; // tile configuration and tile data
  }
  return false;
}

uint32_t select(const CpuidResult &r, Register reg) {
  return reg == EAX ? r.eax : reg == EBX ? r.ebx : reg == ECX ? r.ecx : r.edx;
}

} // namespace

std::vector<std::string> decodeX86Features(const X86Source &source) {
  uint32_t basicMax = source.cpuid(0, 0).eax;
  uint32_t extendedMax = source.cpuid(0x80000000, 0).eax;
  uint32_t leaf7Max = basicMax >= 7 ? source.cpuid(7, 0).eax : 0;
  std::vector<std::string> names;
  for (const X86Row &row : kX86) {
    bool exists = row.leaf >= 0x80000000 ? row.leaf <= extendedMax : row.leaf <= basicMax;
    if (row.leaf == 7 && row.subleaf > leaf7Max)
      exists = false;
    if (exists && (select(source.cpuid(row.leaf, row.subleaf), row.reg) >> row.bit & 1) && isSaved(row.state, source))
      names.emplace_back(row.name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string decodeX86Name(const X86Source &source) {
  if (source.cpuid(0x80000000, 0).eax < 0x80000004)
    return "unnamed x86-64 CPU";
  char brand[48];
  for (uint32_t i = 0; i < 3; ++i) {
    CpuidResult r = source.cpuid(0x80000002 + i, 0);
    memcpy(brand + 16 * i, &r, 16);
  }
  return std::string(io::trimmed({brand, strnlen(brand, sizeof brand)}));
}

std::vector<std::string> decodeAarch64Features(uint64_t hwcap, uint64_t hwcap2) {
  std::vector<std::string> names;
  for (const ArmRow &row : kArm)
    if ((row.word == 0 ? hwcap : hwcap2) >> row.bit & 1)
      names.emplace_back(row.name);
  std::sort(names.begin(), names.end());
  return names;
}

bool HostFeatures::has(std::string_view feature) const {
  return std::binary_search(features.begin(), features.end(), feature);
}

std::vector<std::string> HostFeatures::missing(const std::vector<std::string> &required) const {
  std::vector<std::string> lacking;
  std::copy_if(required.begin(), required.end(), std::back_inserter(lacking),
               [&](const auto &name) { return !has(name); });
  return lacking;
}

static HostFeatures detect() {
  HostFeatures host;
#if defined(__x86_64__)
  X86Source source;
  source.cpuid = [](uint32_t leaf, uint32_t subleaf) {
    CpuidResult r;
    __cpuid_count(leaf, subleaf, r.eax, r.ebx, r.ecx, r.edx);
    return r;
  };
  if (source.cpuid(1, 0).ecx >> 27 & 1) { // OSXSAVE: xgetbv may be used
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    source.xcr0 = uint64_t(high) << 32 | low;
  }
  constexpr long kRequestPermission = 0x1023, kTileData = 18; // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  source.amxPermitted = syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
  host.arch = "x86-64";
  host.cpuName = decodeX86Name(source);
  host.features = decodeX86Features(source);
#elif defined(__aarch64__)
  host.arch = "aarch64";
  host.features = decodeAarch64Features(getauxval(AT_HWCAP), getauxval(AT_HWCAP2));
  auto id = io::readSmallFile("/sys/devices/system/cpu/cpu0/regs/identification/midr_el1");
  host.cpuName = "aarch64 CPU" + (id ? ", MIDR " + std::string(io::trimmed(*id)) : std::string());
#else
#error "Tenon's CPU device knows x86-64 and aarch64"
#endif
  return host;
}

const HostFeatures &HostFeatures::get() {
  static const HostFeatures host = detect();
  return host;
}

} // namespace tenon::cpu
