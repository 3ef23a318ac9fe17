// What the CPU and the operating system at hand can run, in LLVM's feature names ("avx2", "avx512bf16", "amx-int8",
// "dotprod"): the vocabulary in which an engine states what its code needs.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::cpu {

struct HostFeatures {
  std::string arch;                  // "x86-64" or "aarch64"
  std::string cpuName;               // as the maker prints it; for people only
  std::vector<std::string> features; // sorted

  bool has(std::string_view feature) const;
  // Those of `required` that this host lacks, in their order.
  std::vector<std::string> missing(const std::vector<std::string> &required) const;

  // This machine's, detected once. A feature counts only when the operating system also saves its registers (XCR0); for
  // AMX the first call asks the kernel for permission (arch_prctl), which then holds for the whole process.
  // Threads: safe. The reference lives as long as the process.
  static const HostFeatures &get();
};

// The decoders behind get(), free of the machine so that tests can feed them any CPU.

struct CpuidResult {
  uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};
struct X86Source {
  std::function<CpuidResult(uint32_t leaf, uint32_t subleaf)> cpuid;
  uint64_t xcr0 = 0;         // the register sets that the operating system saves; 0 without OSXSAVE
  bool amxPermitted = false; // the kernel grants tile data to this process
};
std::vector<std::string> decodeX86Features(const X86Source &source);
std::string decodeX86Name(const X86Source &source);

// From getauxval(AT_HWCAP) and getauxval(AT_HWCAP2).
std::vector<std::string> decodeAarch64Features(uint64_t hwcap, uint64_t hwcap2);

} // namespace tenon::cpu
