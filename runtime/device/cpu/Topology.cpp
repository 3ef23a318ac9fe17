#include "runtime/device/cpu/Topology.h"

#include "runtime/io/SmallFile.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

namespace tenon::cpu {

static CpuList readList(const std::string &path, const CpuList &allowed) {
  CpuList result;
  if (auto text = io::readSmallFile(path))
    if (auto cpus = parseCpuList(*text); cpus.isOk())
      std::set_intersection(cpus->begin(), cpus->end(), allowed.begin(), allowed.end(), std::back_inserter(result));
  return result;
}

// "48K", "32768K", "1M".
static uint64_t parseSize(std::string_view text) {
  text = io::trimmed(text);
  unsigned shift = 0;
  if (!text.empty() && (text.back() == 'K' || text.back() == 'M' || text.back() == 'G'))
    shift = text.back() == 'K' ? 10 : text.back() == 'M' ? 20 : 30;
  auto number = io::parseNumber(text.substr(0, text.size() - (shift ? 1 : 0)));
  return number && *number < (uint64_t(1) << 32) ? *number << shift : 0;
}

static Caches readCaches(const std::string &cpuRoot, const std::vector<Core> &cores, const CpuList &allowed) {
  Caches caches;
  uint64_t lastLevel = 0;
  std::set<CpuList> instances; // of the last level, by the CPUs that share it
  for (const Core &core : cores) {
    bool first = &core == &cores.front();
    for (unsigned index = 0; index < 16; ++index) {
      std::string folder = cpuRoot + std::to_string(core.cpus.front()) + "/cache/index" + std::to_string(index) + "/";
      auto levelText = io::readSmallFile(folder + "level"), type = io::readSmallFile(folder + "type");
      auto size = io::readSmallFile(folder + "size");
      if (!levelText || !type || !size)
        break;
      uint64_t level = io::parseNumber(*levelText).value_or(0), bytes = parseSize(*size);
      if (io::trimmed(*type) == "Instruction")
        continue;
      if (first && level == 1)
        caches.l1Data = bytes;
      if (first && level == 2)
        caches.l2 = bytes;
      if (first && level == 3)
        caches.l3 = bytes;
      if (level > lastLevel) { // levels rise with the index
        lastLevel = level;
        caches.lastLevelTotal = 0;
        instances.clear();
      }
      if (level == lastLevel && instances.insert(readList(folder + "shared_cpu_list", allowed)).second)
        caches.lastLevelTotal += bytes;
    }
  }
  return caches;
}

unsigned Topology::logicalCpus() const {
  unsigned count = 0;
  for (const Core &core : cores)
    count += static_cast<unsigned>(core.cpus.size());
  return count;
}

Topology Topology::read(const CpuList &allowed, const std::string &sysRoot) {
  Topology topology;
  std::string cpuRoot = sysRoot + "/devices/system/cpu/cpu";

  std::map<unsigned, unsigned> nodeOf;
  std::set<unsigned> nodes;
  if (auto online = io::readSmallFile(sysRoot + "/devices/system/node/online"))
    if (auto list = parseCpuList(*online); list.isOk())
      for (unsigned node : *list)
        for (unsigned cpu :
             readList(sysRoot + "/devices/system/node/node" + std::to_string(node) + "/cpulist", allowed)) {
          nodeOf[cpu] = node;
          nodes.insert(node);
        }
  topology.numaNodes = std::max<unsigned>(1, static_cast<unsigned>(nodes.size()));

  std::set<unsigned> placed;
  for (unsigned cpu : allowed) {
    if (placed.count(cpu))
      continue;
    Core core;
    core.cpus = readList(cpuRoot + std::to_string(cpu) + "/topology/thread_siblings_list", allowed);
    if (!std::binary_search(core.cpus.begin(), core.cpus.end(), cpu))
      core.cpus = {cpu}; // no sysfs, or one that contradicts itself
    placed.insert(core.cpus.begin(), core.cpus.end());
    core.numaNode = nodeOf.count(cpu) ? nodeOf[cpu] : 0;
    topology.cores.push_back(std::move(core));
  }
  topology.caches = readCaches(cpuRoot, topology.cores, allowed);
  return topology;
}

std::vector<unsigned> workerOrder(const Topology &topology) {
  std::vector<unsigned> order;
  for (size_t thread = 0; order.size() < topology.logicalCpus(); ++thread)
    for (const Core &core : topology.cores)
      if (thread < core.cpus.size())
        order.push_back(core.cpus[thread]);
  return order;
}

unsigned defaultWorkers(const Topology &topology, std::optional<double> cpuQuota) {
  unsigned cores = static_cast<unsigned>(topology.cores.size());
  // Rounded down: a spinning pool that is throttled in the middle of a step stalls every worker.
  if (cpuQuota && *cpuQuota < cores)
    return std::max(1u, static_cast<unsigned>(*cpuQuota));
  return cores;
}

} // namespace tenon::cpu
