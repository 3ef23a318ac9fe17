// The text of depfiles. test/cli/depfile.test lets make read one.
#include "compiler/driver/Depfile.h"
#include "gtest/gtest.h"

#include <fstream>

using namespace tenon;

TEST(Depfile, NamesInputsInOrder) {
  EXPECT_EQ(*depfileText("out/m.tenon", {"m/config.json", "m/model.safetensors"}),
            "out/m.tenon: \\\n  m/config.json \\\n  m/model.safetensors\nm/config.json:\nm/model.safetensors:\n");
  EXPECT_EQ(*depfileText("m.tenon", {}), "m.tenon:\n");
}

TEST(Depfile, EscapesWhatMakeReads) {
  EXPECT_EQ(*depfileText("a b", {"x#1", "$HOME", "c\\d", "e\\ f", "g:h"}),
            "a\\ b: \\\n  x\\#1 \\\n  $$HOME \\\n  c\\d \\\n  e\\\\\\ f \\\n  g\\:h\n"
            "x\\#1:\n$$HOME:\nc\\d:\ne\\\\\\ f:\ng\\:h:\n");
}

TEST(Depfile, PercentIsEscapedInTargetsOnly) {
  EXPECT_EQ(*depfileText("a%b", {"p%q/x y", "z"}), "a\\%b: \\\n  p%q/x\\ y \\\n  z\nz:\n");
}

TEST(Depfile, RefusesWhatNoRuleCanSay) {
  auto text = depfileText("m.tenon", {"a\nb"});
  ASSERT_FALSE(text.isOk());
  EXPECT_EQ(text.status().code(), Code::Usage);
}

TEST(Depfile, WritesAFile) {
  const std::string path = testing::TempDir() + "depfile.d";
  ASSERT_TRUE(writeDepfile(path, "m.tenon", {"config.json"}).isOk());
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  EXPECT_EQ(line, "m.tenon: \\");
}
