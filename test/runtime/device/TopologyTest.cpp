#include "runtime/device/cpu/Topology.h"
#include "runtime/device/cpu/Cgroup.h"
#include "runtime/device/cpu/CpuSet.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace tenon;
using namespace tenon::cpu;
using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

namespace {

TEST(CpuSet, parsesAndFormats) {
  for (const char *text : {"0", "0-3,8", "1,3,5", "0-63,128-191", "8191"}) {
    auto cpus = parseCpuList(text);
    ASSERT_TRUE(cpus.isOk()) << cpus.status().message();
    EXPECT_EQ(formatCpuList(*cpus), text);
  }
  EXPECT_THAT(*parseCpuList(" 3,1-2,2\n"), ElementsAre(1, 2, 3));
  EXPECT_EQ(formatCpuList({}), "");
}

TEST(CpuSet, refusesWhatIsNoList) {
  struct {
    const char *text, *why;
  } cases[] = {{"", "empty"},        {"a", "neither"},   {"1,", "comma"},          {",1", "neither"},
               {"3-1", "backwards"}, {"0-8192", "8191"}, {"-1", "neither"},        {"1-", "neither"},
               {"1-2-3", "neither"}, {"0x1", "neither"}, {"0-4000000000", "8191"}, {"99999999999999999999", "neither"},
               {"1 2", "neither"}};
  for (auto &c : cases) {
    auto cpus = parseCpuList(c.text);
    ASSERT_FALSE(cpus.isOk()) << c.text;
    EXPECT_EQ(cpus.status().code(), Code::Usage);
    EXPECT_THAT(cpus.status().message(), HasSubstr(c.why)) << c.text;
  }
}

TEST(CpuSet, restrictsTheThread) {
  CpuMask before, now;
  ASSERT_TRUE(getThreadMask(before));
  CpuList all = allowedCpus();
  EXPECT_EQ(CpuMask::of(all), before);
  ASSERT_TRUE(setThreadMask(CpuMask::of({all.back()})));
  EXPECT_THAT(allowedCpus(), ElementsAre(all.back()));
  ASSERT_TRUE(setThreadMask(before));
  ASSERT_TRUE(getThreadMask(now));
  EXPECT_EQ(now, before);
  EXPECT_FALSE(setThreadMask(CpuMask()));
}

// A made-up /sys or /sys/fs/cgroup.
class FakeTree : public testing::Test {
protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "TopologyTest-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root = pattern;
  }
  void TearDown() override { fs::remove_all(root); }
  void put(const std::string &path, const std::string &text) {
    fs::create_directories(fs::path(root + "/" + path).parent_path());
    std::ofstream(root + "/" + path) << text << "\n";
  }
  std::string root;
};

class TopologyTest : public FakeTree {
protected:
  // Two nodes, two cores each, two threads a core (n, n + 4); one L3 per node.
  void SetUp() override {
    FakeTree::SetUp();
    for (int cpu = 0; cpu < 8; ++cpu) {
      std::string base = "devices/system/cpu/cpu" + std::to_string(cpu) + "/";
      int core = cpu % 4, node = core / 2;
      put(base + "topology/thread_siblings_list", std::to_string(core) + "," + std::to_string(core + 4));
      const char *nodeCpus = node == 0 ? "0-1,4-5" : "2-3,6-7";
      const char *rows[4][3] = {
          {"1", "Data", "48K"}, {"1", "Instruction", "32K"}, {"2", "Unified", "2048K"}, {"3", "Unified", "32768K"}};
      for (int i = 0; i < 4; ++i) {
        std::string cache = base + "cache/index" + std::to_string(i) + "/";
        put(cache + "level", rows[i][0]);
        put(cache + "type", rows[i][1]);
        put(cache + "size", rows[i][2]);
        put(cache + "shared_cpu_list", i == 3 ? nodeCpus : std::to_string(core) + "," + std::to_string(core + 4));
      }
    }
    put("devices/system/node/online", "0-1");
    put("devices/system/node/node0/cpulist", "0-1,4-5");
    put("devices/system/node/node1/cpulist", "2-3,6-7");
  }
};

TEST_F(TopologyTest, readsCoresCachesAndNodes) {
  Topology t = Topology::read({0, 1, 2, 3, 4, 5, 6, 7}, root);
  ASSERT_EQ(t.cores.size(), 4u);
  EXPECT_THAT(t.cores[1].cpus, ElementsAre(1, 5));
  EXPECT_EQ(t.cores[1].numaNode, 0u);
  EXPECT_EQ(t.cores[3].numaNode, 1u);
  EXPECT_EQ(t.numaNodes, 2u);
  EXPECT_EQ(t.logicalCpus(), 8u);
  EXPECT_EQ(t.caches.l1Data, 48u << 10);
  EXPECT_EQ(t.caches.l2, 2u << 20);
  EXPECT_EQ(t.caches.l3, 32u << 20);
  EXPECT_EQ(t.caches.lastLevelTotal, 64u << 20);
  EXPECT_THAT(workerOrder(t), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  EXPECT_EQ(defaultWorkers(t, std::nullopt), 4u);
  EXPECT_EQ(defaultWorkers(t, 2.9), 2u);
  EXPECT_EQ(defaultWorkers(t, 0.5), 1u);
  EXPECT_EQ(defaultWorkers(t, 100), 4u);
}

TEST_F(TopologyTest, keepsToTheAffinityMask) {
  Topology t = Topology::read({2, 6, 7}, root);
  ASSERT_EQ(t.cores.size(), 2u);
  EXPECT_THAT(t.cores[0].cpus, ElementsAre(2, 6));
  EXPECT_THAT(t.cores[1].cpus, ElementsAre(7));
  EXPECT_EQ(t.numaNodes, 1u);
  EXPECT_EQ(t.caches.lastLevelTotal, 32u << 20);
  EXPECT_THAT(workerOrder(t), ElementsAre(2, 7, 6));
  EXPECT_EQ(defaultWorkers(t, std::nullopt), 2u);
}

TEST_F(TopologyTest, withoutSysfsEveryCpuIsACore) {
  Topology t = Topology::read({0, 3}, root + "/nothing");
  ASSERT_EQ(t.cores.size(), 2u);
  EXPECT_THAT(t.cores[1].cpus, ElementsAre(3));
  EXPECT_EQ(t.numaNodes, 1u);
  EXPECT_EQ(t.caches.l2, 0u);
}

TEST_F(TopologyTest, survivesNonsense) {
  put("devices/system/cpu/cpu0/topology/thread_siblings_list", "5"); // does not contain CPU 0
  put("devices/system/cpu/cpu0/cache/index0/size", "lots");
  put("devices/system/node/online", "x");
  Topology t = Topology::read({0, 1}, root);
  ASSERT_EQ(t.cores.size(), 2u);
  EXPECT_THAT(t.cores[0].cpus, ElementsAre(0));
  EXPECT_EQ(t.caches.l1Data, 0u);
}

TEST(Topology, describesThisMachine) {
  CpuList allowed = allowedCpus();
  Topology t = Topology::read(allowed);
  EXPECT_EQ(t.logicalCpus(), allowed.size());
  EXPECT_LE(t.cores.size(), allowed.size());
  EXPECT_GE(t.cores.size(), 1u);
}

class CgroupTest : public FakeTree {
protected:
  CgroupLimits limits() { return readCgroupLimits(root + "/membership", root); }
};

TEST_F(CgroupTest, readsVersion2AndItsAncestors) {
  put("membership", "0::/app/inner");
  put("app/inner/cpu.max", "max 100000");
  put("app/cpu.max", "150000 100000");
  put("cpu.max", "400000 100000");
  put("app/inner/memory.max", "max");
  put("app/memory.max", "1000000");
  put("app/memory.current", "700000");
  put("app/memory.stat", "anon 5\ninactive_file 200000\nactive_file 9");
  CgroupLimits l = limits();
  EXPECT_DOUBLE_EQ(l.cpus.value(), 1.5);
  EXPECT_EQ(l.memoryLimit.value(), 1000000u);
  EXPECT_EQ(l.memoryAvailable.value(), 500000u);
}

TEST_F(CgroupTest, readsVersion1) {
  put("membership", "4:memory:/job\n3:cpu,cpuacct:/job\n0::/");
  put("cpu,cpuacct/job/cpu.cfs_quota_us", "50000");
  put("cpu,cpuacct/job/cpu.cfs_period_us", "100000");
  put("cpu,cpuacct/cpu.cfs_quota_us", "-1");
  put("cpu,cpuacct/cpu.cfs_period_us", "100000");
  put("memory/job/memory.limit_in_bytes", "4096");
  put("memory/job/memory.usage_in_bytes", "8192");
  put("memory/memory.limit_in_bytes", "9223372036854771712");
  CgroupLimits l = limits();
  EXPECT_DOUBLE_EQ(l.cpus.value(), 0.5);
  EXPECT_EQ(l.memoryLimit.value(), 4096u);
  EXPECT_EQ(l.memoryAvailable.value(), 0u);
}

TEST_F(CgroupTest, withoutLimitsTheFieldsAreEmpty) {
  put("membership", "nonsense\n0::/../..\n3:cpu:/gone");
  put("cpu.max", "max 100000");
  CgroupLimits l = limits();
  EXPECT_FALSE(l.cpus);
  EXPECT_FALSE(l.memoryLimit);
  EXPECT_FALSE(l.memoryAvailable);
}

// A container sees the host's path but has its own group mounted at the root.
TEST_F(CgroupTest, fallsBackToTheMountInAContainer) {
  put("membership", "0::/system.slice/docker-1234");
  put("cpu.max", "200000 100000");
  EXPECT_DOUBLE_EQ(limits().cpus.value(), 2.0);
}

} // namespace
