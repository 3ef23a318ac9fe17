// tenon doctor: what this machine can run, and its measured limits.
#include "runtime/device/cpu/HostFeatures.h"
#include "runtime/device/cpu/Memory.h"
#include "runtime/device/cpu/Probe.h"
#include "runtime/device/cpu/Topology.h"
#include "tools/cli/JsonWriter.h"
#include "tools/cli/Quantity.h"
#include "tools/tenon/Verbs.h"

#include <CLI/CLI.hpp>
#include <cstdio>

namespace tenon::cli {
namespace {

// What each target level asks of a CPU: the features that its code uses and that decide whether an engine runs.
struct Level {
  const char *target;
  const char *arch;
  std::vector<std::string> features;
};
const Level kLevels[] = {
    {"cpu:x86-64-v3", "x86-64", {"avx2", "bmi2", "f16c", "fma"}},
    {"cpu:x86-64-v4", "x86-64", {"avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl"}},
    {"cpu:x86-64-v4+avx512vnni", "x86-64", {"avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl", "avx512vnni"}},
    {"cpu:x86-64-v4+avx512bf16", "x86-64", {"avx512bf16", "avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl"}},
    {"cpu:sapphirerapids", "x86-64", {"amx-bf16", "amx-int8", "amx-tile", "avx512bf16", "avx512f", "avx512vnni"}},
    {"cpu:aarch64", "aarch64", {"neon"}},
};

class DoctorVerb final : public Verb {
public:
  const char *name() const override { return "doctor"; }
  const char *summary() const override { return "List what this machine can run, and its measured limits"; }
  const char *examples() const override { return "  tenon doctor\n  tenon doctor --no-probe\n  tenon doctor --json\n"; }
  void declare(CLI::App &app) override {
    app.add_option("--threads", threads_, "Workers to measure with; 0: one for each core that this process may use")
        ->default_str("0");
    app.add_flag("--no-probe", noProbe_, "Do not measure");
    app.add_flag("--json", json_, "One JSON object");
  }

  Status run(Terminal &) override {
    cpu::ThreadPoolOptions options;
    options.workers = threads_;
    TENON_ASSIGN(const auto pool, cpu::ThreadPool::create(options));
    cpu::Limits limits;
    if (!noProbe_) {
      cpu::Probe probe(*pool);
      TENON_ASSIGN(limits, probe.measure());
    }
    json_ ? printJson(*pool, limits) : printText(*pool, limits);
    return Status::ok();
  }

private:
  static std::vector<std::string> missing(const Level &level) {
    const cpu::HostFeatures &host = cpu::HostFeatures::get();
    return host.arch == level.arch ? host.missing(level.features) : std::vector<std::string>{level.arch};
  }

  void printText(const cpu::ThreadPool &pool, const cpu::Limits &limits) const {
    const cpu::HostFeatures &host = cpu::HostFeatures::get();
    const cpu::Topology topology = cpu::Topology::read(cpu::allowedCpus());
    std::printf("cpu       %s, %s, %zu cores, %u logical, %u NUMA node(s)\n", host.cpuName.c_str(), host.arch.c_str(),
                topology.cores.size(), topology.logicalCpus(), topology.numaNodes);
    std::printf("caches    L1d %s, L2 %s, last level %s\n", formatBytes(topology.caches.l1Data).c_str(),
                formatBytes(topology.caches.l2).c_str(), formatBytes(topology.caches.lastLevelTotal).c_str());
    std::printf("memory    %s available\n", formatBytes(cpu::availableMemory()).c_str());
    std::string features;
    for (const std::string &feature : host.features)
      features += " " + feature;
    std::printf("features %s\n", features.c_str());
    for (const Level &level : kLevels) {
      std::string lacks;
      for (const std::string &feature : missing(level))
        lacks += " " + feature;
      std::printf("target    %-26s %s%s\n", level.target, lacks.empty() ? "runs" : "lacks", lacks.c_str());
    }
    if (noProbe_)
      return;
    std::printf("limits with %u threads\n", pool.workers());
    std::printf("  read    %8.1f GB/s   %s, %u streams\n", limits.readBytesPerSecond / 1e9, limits.readIsa.c_str(),
                limits.readStreams);
    printPeak("int8", limits.int8OpsPerSecond, limits.int8Isa);
    printPeak("bf16", limits.bf16FlopsPerSecond, limits.bf16Isa);
    printPeak("f32", limits.f32FlopsPerSecond, limits.f32Isa);
  }

  static void printPeak(const char *name, double rate, const std::string &isa) {
    if (isa.empty())
      std::printf("  %-7s        -          this CPU has no instructions for it\n", name);
    else
      std::printf("  %-7s %8.1f G(FL)OP/s %s\n", name, rate / 1e9, isa.c_str());
  }

  void printJson(const cpu::ThreadPool &pool, const cpu::Limits &limits) const {
    const cpu::HostFeatures &host = cpu::HostFeatures::get();
    const cpu::Topology topology = cpu::Topology::read(cpu::allowedCpus());
    JsonWriter json;
    json.beginObject().field("schema_version", 1).field("cpu", host.cpuName).field("arch", host.arch);
    json.field("cores", topology.cores.size())
        .field("logical_cpus", topology.logicalCpus())
        .field("numa_nodes", topology.numaNodes);
    json.field("l1d_bytes", topology.caches.l1Data)
        .field("l2_bytes", topology.caches.l2)
        .field("last_level_bytes", topology.caches.lastLevelTotal);
    json.field("available_memory_bytes", cpu::availableMemory()).key("features").beginArray();
    for (const std::string &feature : host.features)
      json.value(feature);
    json.endArray().key("targets").beginArray();
    for (const Level &level : kLevels) {
      json.beginObject().field("target", level.target).key("missing").beginArray();
      for (const std::string &feature : missing(level))
        json.value(feature);
      json.endArray().endObject();
    }
    json.endArray();
    if (!noProbe_) {
      json.key("limits")
          .beginObject()
          .field("threads", pool.workers())
          .field("read_bytes_per_s", limits.readBytesPerSecond);
      json.field("int8_ops_per_s", limits.int8OpsPerSecond).field("bf16_flops_per_s", limits.bf16FlopsPerSecond);
      json.field("f32_flops_per_s", limits.f32FlopsPerSecond)
          .field("int8_isa", limits.int8Isa)
          .field("bf16_isa", limits.bf16Isa);
      json.field("f32_isa", limits.f32Isa).endObject();
    }
    std::printf("%s\n", json.endObject().text().c_str());
  }

  unsigned threads_ = 0;
  bool noProbe_ = false, json_ = false;
};

} // namespace

std::unique_ptr<Verb> makeDoctorVerb() { return std::make_unique<DoctorVerb>(); }

} // namespace tenon::cli
