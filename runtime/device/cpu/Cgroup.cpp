#include "runtime/device/cpu/Cgroup.h"

#include "runtime/io/SmallFile.h"

#include <algorithm>

namespace tenon::cpu {

namespace {

// Version 1 writes "no limit" as a number near 2^63, rounded to pages.
constexpr uint64_t kNoLimit = uint64_t(1) << 62;

// The names that one version gives to the same things.
struct MemoryFiles {
  const char *limit, *used, *inactive;
};
constexpr MemoryFiles kMemoryV1 = {"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file "};
constexpr MemoryFiles kMemoryV2 = {"memory.max", "memory.current", "inactive_file "};

template <typename T> void tighten(std::optional<T> &field, T value) {
  field = field ? std::min(*field, value) : value;
}

void addMemory(CgroupLimits &limits, const std::string &folder, const MemoryFiles &files) {
  auto limitText = io::readSmallFile(folder + files.limit);
  auto limit = limitText ? io::parseNumber(*limitText) : std::nullopt; // "max" is no number
  if (!limit || *limit >= kNoLimit)
    return;
  tighten(limits.memoryLimit, *limit);
  auto usedText = io::readSmallFile(folder + files.used);
  uint64_t used = usedText ? io::parseNumber(*usedText).value_or(0) : 0;
  auto stat = io::readSmallFile(folder + "memory.stat");
  uint64_t inactive = stat ? io::numberAfter(*stat, files.inactive).value_or(0) : 0;
  used -= std::min(used, inactive);
  tighten(limits.memoryAvailable, *limit - std::min(*limit, used));
}

void addCpuV1(CgroupLimits &limits, const std::string &folder) {
  auto quotaText = io::readSmallFile(folder + "cpu.cfs_quota_us"),
       periodText = io::readSmallFile(folder + "cpu.cfs_period_us");
  if (!quotaText || !periodText)
    return;
  auto quota = io::parseNumber(*quotaText), period = io::parseNumber(*periodText); // quota -1: none
  if (quota && period && *quota > 0 && *period > 0)
    tighten(limits.cpus, double(*quota) / double(*period));
}

void addCpuV2(CgroupLimits &limits, const std::string &folder) {
  auto text = io::readSmallFile(folder + "cpu.max"); // "max 100000" or "150000 100000"
  if (!text)
    return;
  std::string_view line = io::trimmed(*text);
  size_t space = line.find(' ');
  if (space == line.npos)
    return;
  auto quota = io::parseNumber(line.substr(0, space)), period = io::parseNumber(line.substr(space + 1));
  if (quota && period && *quota > 0 && *period > 0)
    tighten(limits.cpus, double(*quota) / double(*period));
}

// Calls visit(folder) for `path` below `mount` and for each of its ancestors. In a container the path is the host's and
// may be absent below the mount; then only the mount itself, which is the container's own group, answers.
template <typename Visit> void forEachAncestor(const std::string &mount, std::string path, Visit visit) {
  for (;;) {
    while (!path.empty() && path.back() == '/')
      path.pop_back();
    visit(mount + path + "/");
    size_t slash = path.rfind('/');
    if (path.empty() || slash == path.npos)
      return;
    path.resize(slash);
  }
}

bool listsController(std::string_view controllers, std::string_view name) {
  while (!controllers.empty()) {
    std::string_view one = controllers.substr(0, controllers.find(','));
    if (one == name)
      return true;
    controllers.remove_prefix(std::min(controllers.size(), one.size() + 1));
  }
  return false;
}

} // namespace

CgroupLimits readCgroupLimits(const std::string &membership, const std::string &root) {
  CgroupLimits limits;
  auto text = io::readSmallFile(membership);
  if (!text)
    return limits;
  // Each line: hierarchy:controllers:path. Controllers are empty for version 2.
  std::string_view rest = *text;
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    size_t first = line.find(':'), second = first == line.npos ? line.npos : line.find(':', first + 1);
    if (second == line.npos)
      continue;
    std::string_view controllers = line.substr(first + 1, second - first - 1);
    std::string path(line.substr(second + 1));
    if (path.find("/..") != path.npos) // a group outside our namespace: only the mount itself is ours
      path.clear();

    if (controllers.empty())
      for (const char *mount : {"", "/unified"})
        forEachAncestor(root + mount, path, [&](const std::string &folder) {
          addCpuV2(limits, folder);
          addMemory(limits, folder, kMemoryV2);
        });
    if (listsController(controllers, "cpu"))
      for (const std::string &mount : {std::string("cpu"), std::string(controllers)})
        forEachAncestor(root + "/" + mount, path, [&](const std::string &folder) { addCpuV1(limits, folder); });
    if (listsController(controllers, "memory"))
      forEachAncestor(root + "/memory", path, [&](const std::string &folder) { addMemory(limits, folder, kMemoryV1); });
  }
  return limits;
}

} // namespace tenon::cpu
