#include "tools/tenon/RunStats.h"

#include "runtime/device/cpu/Memory.h"
#include "runtime/device/cpu/Probe.h"
#include "tools/cli/Quantity.h"
#include "tools/tenon/StepCost.h"

#include <cstdio>

namespace tenon::cli {

RunStats::RunStats(Engine &engine, uint64_t promptTokens)
    : engine_(engine), promptTokens_(promptTokens), start_(Clock::now()), first_(start_), end_(start_) {}

void RunStats::token() {
  if (generated_++ == 0)
    first_ = Clock::now();
}

void RunStats::finish() { end_ = Clock::now(); }

double RunStats::promptSeconds() const {
  return std::chrono::duration<double>((generated_ ? first_ : end_) - start_).count();
}

double RunStats::decodeSeconds() const { return generated_ ? std::chrono::duration<double>(end_ - first_).count() : 0; }

double RunStats::decodeBytesPerSecond() const {
  // The context grows by one each step; its mean stands for all of them.
  const StepCost cost = stepCost(engine_, StepRows::decode(1, promptTokens_ + generated_ / 2));
  return static_cast<double>(cost.bytes()) * static_cast<double>(decodeSteps()) / decodeSeconds();
}

Status RunStats::print(Terminal &terminal, bool probe) const {
  const uint64_t peak = cpu::peakResidentMemory(); // before the probe takes memory of its own
  char line[256];
  std::snprintf(line, sizeof line, "prompt %llu tokens, %.1f tok/s | generation %llu tokens",
                static_cast<unsigned long long>(promptTokens_), static_cast<double>(promptTokens_) / promptSeconds(),
                static_cast<unsigned long long>(generated_));
  std::string text = line;
  if (isDecodeTimed()) {
    std::snprintf(line, sizeof line, ", %.1f tok/s, %.2f GB/s", static_cast<double>(decodeSteps()) / decodeSeconds(),
                  decodeBytesPerSecond() / 1e9);
    text += line;
  }
  if (probe && isDecodeTimed()) {
    cpu::ThreadPoolOptions options;
    options.workers = engine_.threads();
    TENON_ASSIGN(const auto pool, cpu::ThreadPool::create(options));
    cpu::Probe limits(*pool);
    TENON_ASSIGN(const double read, limits.burst(cpu::Limit::Read));
    std::snprintf(line, sizeof line, " (%.0f %% of this machine's %.1f GB/s%s)", 100 * decodeBytesPerSecond() / read,
                  read / 1e9, weightsFitCache(engine_) ? "; the weights fit its cache" : "");
    text += line;
  }
  terminal.note(text + " | " + engine_.variant().target()->str() + " | peak memory " + formatBytes(peak));
  return Status::ok();
}

void RunStats::write(JsonWriter &json) const {
  json.key("stats").beginObject().field("target", engine_.variant().target()->string_view());
  json.field("prompt_tokens", promptTokens_).field("prompt_seconds", promptSeconds());
  json.field("generated_tokens", generated_).field("decode_seconds", decodeSeconds());
  json.key("decode_bytes_per_s");
  isDecodeTimed() ? json.value(decodeBytesPerSecond()) : json.null();
  json.field("peak_rss_bytes", cpu::peakResidentMemory()).endObject();
}

} // namespace tenon::cli
