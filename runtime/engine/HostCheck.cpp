#include "runtime/engine/HostCheck.h"

#include "runtime/base/Checked.h"
#include "runtime/engine/CompileRecipe.h"
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

// The most that a machine like this runs of what every compiler can be asked for; empty where that is nothing.
static std::string plainTarget(const cpu::HostFeatures &host) {
  if (host.arch == "aarch64")
    return "cpu:aarch64";
  if (host.arch != "x86-64")
    return {};
  if (host.missing({"avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl"}).empty())
    return "cpu:x86-64-v4";
  return host.missing({"avx2", "bmi2", "f16c", "fma"}).empty() ? "cpu:x86-64-v3" : "";
}

// "tenon compile MODEL -o FILE --target=native --quant=...": the engine's own compilation, for this machine or again
// for its own targets. Without the options where the engine does not say them.
enum class For { ThisMachine, ItsTargets };
static std::string compileCommand(const schema::Engine &engine, For whom) {
  const std::string command = "tenon compile MODEL -o FILE ";
  const Result<CompileRecipe> recipe = recipeOf(engine);
  if (!recipe.isOk())
    return command + "--target=native";
  return command + shellText((whom == For::ThisMachine ? recipe->onTargets({"native"}) : *recipe).arguments());
}

// What to do about an engine that has no code for this machine.
static std::string howToServe(const schema::Engine &engine, const cpu::HostFeatures &host) {
  const std::string plain = plainTarget(host);
  if (plain.empty())
    return "\n  Tenon compiles for cpu:x86-64-v3 and later and for cpu:aarch64: this machine is neither";
  return "\n  compile for this machine, on this machine:\n    " + compileCommand(engine, For::ThisMachine) +
         "\n  or elsewhere with --target=" + plain + "; several --target make one engine for several machines";
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
                                     howToServe(file.metadata(), host));
}

static std::string mebibytes(uint64_t bytes) {
  return std::to_string(bytes >> 20) + " MiB (" + std::to_string(bytes) + " bytes)";
}

Status checkMemory(const EngineFile &file, const schema::Variant &variant, const HostMemory &memory) {
  // Verified: each region is at most 64 TiB.
  uint64_t allocation = variant.kv_bytes() + variant.io_bytes() + variant.arena_bytes();
  uint64_t weights = file.metadata().ranks()->Get(0)->weight_bytes();
  const std::string advice = "\n  close other programs, or compile a smaller engine, with a lower --max-seq or "
                             "--max-batch than\n    " +
                             compileCommand(file.metadata(), For::ItsTargets);
  if (allocation > memory.available)
    return Status(Code::HostUnfit, file.path() + ": needs " + mebibytes(allocation) +
                                       " for its KV cache and activations, found " + mebibytes(memory.available) +
                                       " available" + advice);
  uint64_t all;
  if (!checkedAdd(allocation, weights, all) || all > memory.total)
    return Status(Code::HostUnfit, file.path() + ": needs " + mebibytes(weights) + " of weights and " +
                                       mebibytes(allocation) + " beside them, found a machine of " +
                                       mebibytes(memory.total) + advice + "\n  or with a smaller --quant");
  return Status::ok();
}

} // namespace tenon
