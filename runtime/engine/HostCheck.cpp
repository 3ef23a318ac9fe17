#include "runtime/engine/HostCheck.h"

#include "runtime/base/Checked.h"
#include "runtime/engine/Where.h"

#include <cstring>
#include <elf.h>
#include <optional>

namespace tenon {

// The architecture that a code segment was linked for, in HostFeatures' words; empty for anything that is no 64-bit ELF
// library of a known one.
static std::string codeArchitecture(std::span<const uint8_t> code) {
  Elf64_Ehdr header;
  if (code.size() < sizeof(header))
    return {};
  std::memcpy(&header, code.data(), sizeof(header));
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_type != ET_DYN)
    return {};
  switch (header.e_machine) {
  case EM_X86_64:
    return "x86-64";
  case EM_AARCH64:
    return "aarch64";
  default:
    return {};
  }
}

static std::vector<std::string> splitFeatures(std::string_view list) {
  std::vector<std::string> features;
  while (!list.empty()) {
    size_t comma = list.find(',');
    if (std::string_view name = list.substr(0, comma); !name.empty())
      features.emplace_back(name);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return features;
}

static std::string join(const std::vector<std::string> &names) {
  std::string text;
  for (const std::string &name : names)
    text += (text.empty() ? "" : ", ") + name;
  return text;
}

Result<uint32_t> chooseVariant(const EngineFile &file, const cpu::HostFeatures &host) {
  std::string reasons;
  std::optional<uint32_t> best;
  const auto &variants = *file.metadata().ranks()->Get(0)->variants();
  for (uint32_t i = 0; i < variants.size(); ++i) {
    const schema::Variant &variant = *variants.Get(i);
    std::string target = quoted(variant.target()->string_view());
    std::string architecture = codeArchitecture(file.segment(variant.code()));
    if (architecture.empty())
      return Status(Code::InvalidFile, file.path() + ": code of " + target +
                                           ": expected a 64-bit little-endian ELF library for x86-64 or aarch64, found "
                                           "something else\n  compile the engine again");
    if (architecture != host.arch) {
      reasons += "\n  " + target + " needs " + architecture;
      continue;
    }
    std::vector<std::string> missing = host.missing(splitFeatures(variant.features()->string_view()));
    if (!missing.empty())
      reasons += "\n  " + target + " needs " + join(missing);
    else if (!best || variant.flops_per_byte() > variants.Get(*best)->flops_per_byte())
      best = i;
  }
  if (best)
    return *best;
  return Status(Code::HostUnfit, file.path() + ": this machine (" + host.arch + ", " + host.cpuName +
                                     ") runs none of the engine's targets" + reasons +
                                     "\n  compile for this machine: tenon compile MODEL -o FILE --target native");
}

static std::string mebibytes(uint64_t bytes) {
  return std::to_string(bytes >> 20) + " MiB (" + std::to_string(bytes) + " bytes)";
}

Status checkMemory(const EngineFile &file, const schema::Variant &variant, const HostMemory &memory) {
  // Verified: each region is at most 64 TiB.
  uint64_t allocation = variant.kv_bytes() + variant.io_bytes() + variant.arena_bytes();
  uint64_t weights = file.metadata().ranks()->Get(0)->weight_bytes();
  static const char kAdvice[] =
      "\n  close other programs, or compile a smaller engine: tenon compile with a lower --max-seq or --max-batch";
  if (allocation > memory.available)
    return Status(Code::HostUnfit, file.path() + ": needs " + mebibytes(allocation) +
                                       " for its KV cache and activations, found " + mebibytes(memory.available) +
                                       " available" + kAdvice);
  uint64_t all;
  if (!checkedAdd(allocation, weights, all) || all > memory.total)
    return Status(Code::HostUnfit, file.path() + ": needs " + mebibytes(weights) + " of weights and " +
                                       mebibytes(allocation) + " beside them, found a machine of " +
                                       mebibytes(memory.total) + kAdvice + ", or a smaller --quant");
  return Status::ok();
}

} // namespace tenon
