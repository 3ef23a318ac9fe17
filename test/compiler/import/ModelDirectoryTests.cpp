#include "compiler/import/ModelDirectory.h"

#include "SafetensorsFile.h"
#include <gmock/gmock.h>
#include <sys/stat.h>

using namespace tenon;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

const std::string kModels = TENON_TEST_DATA "/models/";

Result<Generation> generation(const std::string &text) {
  auto document = parseJson(text, "generation_config.json");
  EXPECT_TRUE(document.isOk());
  return readGeneration(*document);
}

TEST(Generation, ReadsIdsAndDefaults) {
  auto read =
      generation(R"({"bos_token_id":1,"eos_token_id":[2,5],"pad_token_id":null,"do_sample":true,"temperature":0.7,
    "top_p":0.9,"min_p":0.05,"top_k":40,"repetition_penalty":1.1,"something_new":{"x":1}})");
  ASSERT_TRUE(read.isOk()) << read.status().message();
  EXPECT_THAT(read->bosIds, ElementsAre(1));
  EXPECT_THAT(read->eosIds, ElementsAre(2, 5));
  EXPECT_TRUE(read->padIds.empty());
  EXPECT_EQ(read->doSample, true);
  EXPECT_EQ(read->temperature, 0.7);
  EXPECT_EQ(read->topP, 0.9);
  EXPECT_EQ(read->minP, 0.05);
  EXPECT_EQ(read->topK, 40);
  EXPECT_EQ(read->repetitionPenalty, 1.1);
  EXPECT_TRUE(checkTokenIds(*read, 6).isOk());
  Status beyond = checkTokenIds(*read, 5);
  EXPECT_EQ(beyond.code(), Code::InvalidFile);
  EXPECT_EQ(beyond.message(), "generation_config.json: eos_token_id: expected ids from 0 to 4, the vocabulary of "
                              "config.json, got 5");
}

TEST(Generation, RefusesValuesOutOfRange) {
  for (auto [text, message] :
       {std::pair(R"({"temperature":-1})", "temperature: expected a number from 0 to 1000, got -1"),
        std::pair(R"({"temperature":"hot"})", "temperature: expected a number"),
        std::pair(R"({"top_p":1.5})", "top_p: expected a number from 0 to 1, got 1.5"),
        std::pair(R"({"top_k":-1})", "top_k: expected a whole number from 0"),
        std::pair(R"({"do_sample":1})", "do_sample: expected true or false, got 1"),
        std::pair(R"({"repetition_penalty":0})", "repetition_penalty: expected a number"),
        std::pair(R"({"eos_token_id":"</s>"})", "eos_token_id: expected a whole number"),
        std::pair("[]", "top level: expected an object, got an array")}) {
    auto read = generation(text);
    EXPECT_EQ(read.status().code(), Code::InvalidFile) << text;
    EXPECT_THAT(read.status().message(), HasSubstr(std::string("generation_config.json: ") + message));
  }
}

TEST(ModelDirectory, GathersAFolder) {
  auto model = ModelDirectory::open(kModels + "verse-7m");
  ASSERT_TRUE(model.isOk()) << model.status().message();
  EXPECT_EQ(model->weights, WeightSource::Checkpoint);
  EXPECT_EQ(*model->modelType(), "llama");
  EXPECT_THAT(model->generation.eosIds, ElementsAre(4089, 4092));
  ASSERT_TRUE(model->checkpoint);
  EXPECT_EQ(model->checkpoint->tensors().size(), 74u);
  EXPECT_EQ(model->tokenizer.tokenizer.size(), std::filesystem::file_size(kModels + "verse-7m/tokenizer.json"));
  EXPECT_THAT(model->tokenizer.tokenizerConfig, HasSubstr("chat_template"));
  EXPECT_THAT(model->tokenizer.specialTokensMap, HasSubstr("<|begin_of_text|>"));
  EXPECT_TRUE(model->tokenizer.chatTemplate.empty());
  EXPECT_TRUE(model->tokenizer.absence.empty());
  EXPECT_THAT(model->configText, HasSubstr("\"hidden_size\": 256"));
}

TEST(ModelDirectory, TakesAConfigAlone) {
  for (auto [prefix, weights] :
       {std::pair("random:", WeightSource::Random), std::pair("zeros:", WeightSource::Zeros)}) {
    auto model = ModelDirectory::open(prefix + kModels + "configs/llama-3-70b.json");
    ASSERT_TRUE(model.isOk()) << model.status().message();
    EXPECT_EQ(model->weights, weights);
    EXPECT_FALSE(model->checkpoint);
    EXPECT_TRUE(model->tokenizer.tokenizer.empty());
    EXPECT_THAT(model->tokenizer.absence, HasSubstr("has no tokenizer: pass token ids"));
    EXPECT_EQ(model->config.name(), "llama-3-70b.json");
  }
  auto absent = ModelDirectory::open("random:" + kModels + "configs/none.json");
  EXPECT_EQ(absent.status().code(), Code::InvalidFile);
  EXPECT_THAT(absent.status().message(), HasSubstr("configs/none.json"));
}

TEST(ModelDirectory, SaysWhatIsMissing) {
  auto refused = [](const std::string &source, Code code, const std::string &message) {
    auto model = ModelDirectory::open(source);
    ASSERT_FALSE(model.isOk()) << source;
    EXPECT_EQ(model.status().code(), code) << model.status().message();
    EXPECT_THAT(model.status().message(), HasSubstr(message));
  };
  Folder folder;
  refused(folder / "absent", Code::InvalidFile, "there is no such folder");
  refused(folder.path(), Code::InvalidFile, "config.json");
  folder.write("file", "x");
  refused(folder / "file", Code::InvalidFile,
          "expected a folder with config.json and model.safetensors or a GGUF file");
  folder.write("m.gguf", "x");
  refused(folder / "m.gguf", Code::InvalidFile, "m.gguf: byte 0: expected \"GGUF\"");
  folder.write("config.json", "{\"model_type\":");
  refused(folder.path(), Code::InvalidFile, "config.json: expected JSON");
  folder.write("config.json", std::string((4 << 20) + 1, ' '));
  refused(folder.path(), Code::InvalidFile, "config.json: 4194305 bytes, expected at most 4194304");
  folder.write("config.json", "{}");
  refused(folder.path(), Code::InvalidFile, "no weights: looked for model.safetensors");
  folder.write("generation_config.json", "");
  refused(folder.path(), Code::InvalidFile, "generation_config.json: expected JSON");
  folder.write("generation_config.json", R"({"top_p":2})");
  refused(folder.path(), Code::InvalidFile, "generation_config.json: top_p: expected");
  folder.write("generation_config.json", "{}");
  folder.write("model.safetensors", safetensorsFile("{}", 0));

  auto model = ModelDirectory::open(folder.path());
  ASSERT_TRUE(model.isOk()) << model.status().message();
  EXPECT_THAT(model->tokenizer.absence, HasSubstr("no tokenizer.json, or an empty one; copy it"));
  EXPECT_THAT(model->modelType().status().message(),
              HasSubstr("config.json: model_type: expected a string, got nothing"));
  folder.write("tokenizer.model", "x");
  EXPECT_THAT(ModelDirectory::open(folder.path())->tokenizer.absence, HasSubstr("SentencePiece"));
  mkdir((folder / "tokenizer.json").c_str(), 0700);
  refused(folder.path(), Code::InvalidFile, "expected a regular file, found a directory");
}

} // namespace
