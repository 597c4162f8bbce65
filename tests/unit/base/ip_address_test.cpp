#include "core/base/ip_address.hpp"

#include "core/base/random.hpp"

#include <catch2/catch.hpp>
#include <random>

using namespace obliv;

namespace {

IpAddress address(std::string_view text) {
    INFO(text);
    auto parsed = IpAddress::parse(text);
    REQUIRE(parsed);
    return *parsed;
}

std::string v4(std::uint64_t number) {
    auto part = [&](int shift) { return std::to_string((number >> shift) & 0xFFU); };
    return part(24) + "." + part(16) + "." + part(8) + "." + part(0);
}

/// The rule again, by comparing numbers: first and last address of what is not public.
bool naively_public(std::uint64_t ip) {
    struct Range {
        std::uint64_t first, last;
    };
    constexpr Range ranges[] = {
        {0x00000000, 0x00FFFFFF}, {0x0A000000, 0x0AFFFFFF}, {0x64400000, 0x647FFFFF},
        {0x7F000000, 0x7FFFFFFF}, {0xA83F8110, 0xA83F8110}, {0xA9FE0000, 0xA9FEFFFF},
        {0xAC100000, 0xAC1FFFFF}, {0xC0000000, 0xC00000FF}, {0xC0000200, 0xC00002FF},
        {0xC0586300, 0xC05863FF}, {0xC0A80000, 0xC0A8FFFF}, {0xC6120000, 0xC613FFFF},
        {0xC6336400, 0xC63364FF}, {0xCB007100, 0xCB0071FF}, {0xE0000000, 0xFFFFFFFF}};
    for (auto range : ranges)
        if (ip >= range.first && ip <= range.last)
            return false;
    return true;
}

}  // namespace

TEST_CASE("addresses of this machine, of private networks and of clouds are not public", "[base]") {
    for (auto text :
         {"0.0.0.0",       "0.1.2.3",          "10.0.0.1",        "10.255.255.255",
          "100.64.0.1",    "100.100.100.200",  "127.0.0.1",       "127.255.0.3",
          "168.63.129.16", "169.254.169.254",  "172.16.0.1",      "172.31.255.255",
          "192.0.0.192",   "192.0.2.1",        "192.168.1.1",     "198.18.0.1",
          "198.19.9.9",    "198.51.100.7",     "203.0.113.9",     "224.0.0.1",
          "239.1.1.1",     "240.0.0.1",        "255.255.255.255", "::",
          "::1",           "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
          "::127.0.0.1",   "64:ff9b::7f00:1",  "64:ff9b:1::1",    "100::1",
          "fc00::1",       "fd00:ec2::254",    "fe80::1",         "fec0::1",
          "ff02::1",       "2001::1",          "2001:0:7f00:1::", "2001:db8::1",
          "2002:7f00:1::", "3fff::1",          "4000::1"}) {
        INFO(text);
        CHECK_FALSE(address(text).is_public());
    }
}

TEST_CASE("the neighbours of what is reserved are public", "[base]") {
    for (auto text :
         {"1.1.1.1",         "9.255.255.255",   "11.0.0.0",       "100.63.255.255",
          "100.128.0.0",     "126.255.255.255", "128.0.0.0",      "169.253.255.255",
          "169.255.0.0",     "172.15.255.255",  "172.32.0.0",     "192.0.1.0",
          "192.167.255.255", "192.169.0.0",     "198.17.255.255", "198.20.0.0",
          "223.255.255.255", "168.63.129.17",   "2001:200::1",    "2001:4860:4860::8888",
          "2606:4700::1111", "2a00::1",         "::ffff:8.8.8.8"}) {
        INFO(text);
        CHECK(address(text).is_public());
    }
}

TEST_CASE("every IPv4 address is judged as by the numbers, also wrapped in IPv6", "[base]") {
    std::uint64_t seed = std::random_device{}();
    Random random(seed);
    for (int i = 0; i < 20'000; ++i) {
        auto ip = random.below(1ULL << 32);
        if (i % 4 == 0)  // near the edges of the ranges
            ip = (ip & 0xFF000000U) | (random.below(2) == 0 ? 0U : 0xFFFFFFU);
        auto text = v4(ip);
        INFO("seed " << seed << ", " << text);
        CHECK(address(text).is_public() == naively_public(ip));
        CHECK(address("::ffff:" + text) == address(text));
        CHECK(address(text).text() == text);
    }
}

TEST_CASE("only whole addresses are addresses", "[base]") {
    for (auto text : {"", "1", "127.1", "0x7f.0.0.1", "2130706433", "127.0.0.1 ", "1.2.3.4:80",
                      "[::1]", "fe80::1%eth0", "localhost", "1.2.3.256", ":::"}) {
        INFO(text);
        CHECK_FALSE(IpAddress::parse(text));
    }
    CHECK_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0", 8)));
}

TEST_CASE("a host's name is told from an address", "[base]") {
    for (auto text : {"localhost", "files.Example.com", "a-1.b", "1.2.3.4.example"})
        CHECK(is_host_name(text));
    for (auto text : {"", "1.2.3.4", "::1", "a b", "a/b", "a_b", "host:80", "x1"})
        CHECK_FALSE(is_host_name(text));
    CHECK_FALSE(is_host_name(std::string(254, 'a')));
}

TEST_CASE("a network holds what begins like it", "[base]") {
    auto net = [](std::string_view text) {
        auto parsed = IpNetwork::parse(text);
        REQUIRE(parsed);
        return *parsed;
    };
    CHECK(net("10.1.0.0/16").contains(address("10.1.255.3")));
    CHECK_FALSE(net("10.1.0.0/16").contains(address("10.2.0.0")));
    CHECK(net("192.0.2.7").contains(address("192.0.2.7")));
    CHECK_FALSE(net("192.0.2.7").contains(address("192.0.2.6")));
    CHECK(net("192.0.2.4/31").contains(address("::ffff:192.0.2.5")));
    CHECK(net("0.0.0.0/0").contains(address("255.1.1.1")));
    CHECK_FALSE(net("0.0.0.0/0").contains(address("::1")));
    CHECK(net("fd00::/8").contains(address("fd12::1")));
    CHECK_FALSE(net("fd00::/8").contains(address("fc00::1")));
    for (auto text : {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.1/24", "::/129", "x/8",
                      "10.0.0.0/8/8"}) {
        INFO(text);
        CHECK_FALSE(IpNetwork::parse(text));
    }
}
