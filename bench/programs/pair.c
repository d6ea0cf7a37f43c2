/* malloc+free pairs for counting instructions.

   usage: pair SLOTS SIZE_MIN SIZE_MAX PAIRS

   With one slot: allocate and free one block, again and again. With more: free a random slot, then
   allocate a random size into it. The caller counts instructions for two numbers of pairs and takes
   the slope, so that start-up and filling the slots fall out.

   The loop itself is counted by preloading an allocator that does nothing (bare.c), which is
   switched on when the slots are filled. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t state = 88172645463325252u;

static inline uint64_t next_random(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static void one_live(size_t bytes, uint64_t pairs) {
    for (uint64_t i = 0; i < pairs; i++) free(malloc(bytes));
}

static void random_slot(void **slot, uint32_t slots, uint32_t least, uint32_t span, uint64_t pairs) {
    for (uint64_t i = 0; i < pairs; i++) {
        uint64_t random = next_random();
        uint32_t index = (uint32_t)random % slots;
        size_t bytes = least + (uint32_t)(random >> 32) % span;
        free(slot[index]);
        slot[index] = malloc(bytes);
    }
}

int main(int count, char **word) {
    if (count != 5) return 2;
    uint32_t slots = (uint32_t)strtoul(word[1], 0, 10);
    uint32_t least = (uint32_t)strtoul(word[2], 0, 10);
    uint32_t most = (uint32_t)strtoul(word[3], 0, 10);
    uint64_t pairs = strtoull(word[4], 0, 10);
    /* Who serves malloc: the runner holds it against the library it meant to measure. */
    Dl_info info;
    if (!dladdr(dlsym(RTLD_DEFAULT, "malloc"), &info)) return 3;
    puts(info.dli_fname);
    fflush(stdout);
    char *bare = dlsym(RTLD_DEFAULT, "bare_is_on");
    if (slots == 1) {
        if (bare) *bare = 1;
        one_live(least, pairs);
        return 0;
    }
    static void *slot[1 << 17];
    if (slots > sizeof slot / sizeof *slot) return 2;
    for (uint32_t i = 0; i < slots; i++) {
        slot[i] = bare ? 0 : malloc(least + (uint32_t)(next_random() >> 32) % (most - least + 1));
    }
    if (bare) *bare = 1;
    random_slot(slot, slots, least, most - least + 1, pairs);
    return 0;
}
