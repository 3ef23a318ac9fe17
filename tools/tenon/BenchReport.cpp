#include "tools/tenon/BenchReport.h"

#include "tools/cli/Quantity.h"

#include <cstdio>

namespace tenon::cli {
namespace {

const std::string &isaOf(const cpu::Limits &limits, cpu::Limit limit) {
  return limit == cpu::Limit::Int8 ? limits.int8Isa : limit == cpu::Limit::Bf16 ? limits.bf16Isa : limits.f32Isa;
}

void printSubject(const BenchReport &report, const BenchSubject &subject) {
  const Engine &engine = subject.engine();
  const PhaseResult &p = subject.prefill(), &d = subject.decode();
  const Spread prefill = spreadOf(p.shares), decode = spreadOf(d.shares);
  std::printf("%s on %s, %u threads\n", subject.path().c_str(), engine.variant().target()->c_str(), engine.threads());
  if (engine.meanThreads() < 0.995 * engine.threads())
    std::printf("threads  %.2f of %u took part, on average: other processes took the CPUs of the rest\n",
                engine.meanThreads(), engine.threads());
  std::printf("prefill  %u tokens  %.1f tok/s  %.1f G(FL)OP/s  %.0f %% of %.1f G(FL)OP/s (%s)  [%.0f-%.0f, %zu pairs]  "
              "%.0f %% of the roofline\n",
              report.shape.prompt, p.tokensPerSecond(), p.amountPerSecond() / 1e9, 100 * prefill.median,
              spreadOf(p.limits).median / 1e9, isaOf(report.limits, p.limit).c_str(), 100 * prefill.low,
              100 * prefill.high, prefill.count, 100 * spreadOf(p.rooflines).median);
  std::printf("decode   batch %u  ctx %u  %.1f tok/s  %.2f GB/s  %.0f %% of %.1f GB/s  [%.0f-%.0f, %zu pairs]  %.0f %% "
              "of the roofline%s\n",
              report.shape.batch, report.shape.context, d.tokensPerSecond(), d.amountPerSecond() / 1e9,
              100 * decode.median, spreadOf(d.limits).median / 1e9, 100 * decode.low, 100 * decode.high, decode.count,
              100 * spreadOf(d.rooflines).median, weightsFitCache(engine) ? "; the weights fit the cache" : "");
  const MemoryUse memory = engine.memory();
  std::printf("memory   weights %s  kv %s  io %s  arena %s  peak resident %s\n", formatBytes(memory.weights).c_str(),
              formatBytes(memory.kv).c_str(), formatBytes(memory.io).c_str(), formatBytes(memory.arena).c_str(),
              formatBytes(subject.peakResident()).c_str());
  std::printf("load     %.1f ms\n", subject.loadMilliseconds());
}

// By repetition: how many times as fast `a` was as `b`.
Spread ratioOf(const PhaseResult &a, const PhaseResult &b) {
  std::vector<double> ratios;
  for (size_t i = 0; i < a.seconds.size(); ++i)
    ratios.push_back(b.seconds[i] / a.seconds[i]);
  return spreadOf(ratios);
}

void printRatio(const char *phase, const Spread &ratio) {
  std::printf("%-8s %.2f x  [%.2f-%.2f, %zu pairs]\n", phase, ratio.median, ratio.low, ratio.high, ratio.count);
}

void writeSpread(JsonWriter &json, const char *name, const Spread &s) {
  json.key(name)
      .beginObject()
      .field("median", s.median)
      .field("low", s.low)
      .field("high", s.high)
      .field("pairs", s.count)
      .endObject();
}

// The fields of one engine, inside an open object.
void writeSubject(JsonWriter &json, const BenchReport &report, const BenchSubject &subject) {
  const PhaseResult &p = subject.prefill(), &d = subject.decode();
  json.field("engine", subject.path()).field("target", subject.engine().variant().target()->string_view());
  json.field("threads", subject.engine().threads()).field("mean_threads", subject.engine().meanThreads());
  json.key("prefill").beginObject().field("tokens", report.shape.prompt);
  json.field("tokens_per_s", p.tokensPerSecond()).field("flops", p.cost.operations).field("limit", nameOf(p.limit));
  writeSpread(json, "share_of_flops", spreadOf(p.shares));
  writeSpread(json, "share_of_roofline", spreadOf(p.rooflines));
  json.endObject().key("decode").beginObject().field("batch", report.shape.batch);
  json.field("context", report.shape.context).field("tokens_per_s", d.tokensPerSecond());
  json.field("bytes_per_step", d.cost.bytes());
  writeSpread(json, "share_of_read", spreadOf(d.shares));
  writeSpread(json, "share_of_roofline", spreadOf(d.rooflines));
  json.endObject().field("load_ms", subject.loadMilliseconds()).field("peak_rss_bytes", subject.peakResident());
}

void writeKernelsOf(JsonWriter &json, const BenchReport &report, const BenchSubject &subject) {
  if (!report.kernels)
    return;
  writeKernels(json, "decode_kernels", subject.decodeKernels(), report.limits);
  writeKernels(json, "prefill_kernels", subject.prefillKernels(), report.limits);
}

} // namespace

void printText(const BenchReport &report, const BenchSubject &subject, const BenchSubject *versus, Terminal &terminal) {
  printSubject(report, subject);
  if (versus) {
    printSubject(report, *versus);
    std::printf("%s is\n", subject.path().c_str());
    printRatio("prefill", ratioOf(subject.prefill(), versus->prefill()));
    printRatio("decode", ratioOf(subject.decode(), versus->decode()));
    std::printf("as fast as %s\n", versus->path().c_str());
  }
  std::printf("stolen   %.1f %% of the processor time\n", 100 * report.stolen);
  for (const BenchSubject *of : {&subject, versus}) {
    if (!report.kernels || !of)
      continue;
    if (versus)
      std::printf("kernels of %s\n", of->path().c_str());
    printKernels("decode", of->decodeKernels(), report.limits);
    printKernels("prefill", of->prefillKernels(), report.limits);
  }
  if (report.stolen > 0.02)
    terminal.warn("other tenants took more than 2 % of the processor time: repeat on a quieter machine");
}

void printJson(const BenchReport &report, const BenchSubject &subject, const BenchSubject *versus) {
  JsonWriter json;
  json.beginObject().field("schema_version", 1);
  writeSubject(json, report, subject);
  json.key("limits").beginObject().field("read_bytes_per_s", report.limits.readBytesPerSecond);
  json.field("int8_ops_per_s", report.limits.int8OpsPerSecond);
  json.field("bf16_flops_per_s", report.limits.bf16FlopsPerSecond);
  json.field("f32_flops_per_s", report.limits.f32FlopsPerSecond).endObject().field("stolen", report.stolen);
  if (versus) {
    json.key("vs").beginObject();
    writeSubject(json, report, *versus);
    writeSpread(json, "prefill_ratio", ratioOf(subject.prefill(), versus->prefill()));
    writeSpread(json, "decode_ratio", ratioOf(subject.decode(), versus->decode()));
    writeKernelsOf(json, report, *versus);
    json.endObject();
  }
  writeKernelsOf(json, report, subject);
  std::printf("%s\n", json.endObject().text().c_str());
}

} // namespace tenon::cli
