/* An allocator that does nothing, in a known number of instructions.

   Preloaded under the pair program it shows what the program itself executes. Until the program
   switches it on it hands out fresh memory, for the start of the process. Once on, and for a pair:
   malloc executes 4 instructions (cmp, jne, lea, ret) and free 1 (ret); the runner knows these. */
#include <stddef.h>
#include <string.h>

__asm__(".data\n"
        ".globl bare_is_on\n"
        ".type bare_is_on, @object\n"
        ".size bare_is_on, 1\n"
        "bare_is_on: .byte 0\n"
        ".set is_on, bare_is_on\n"
        ".local is_on\n"
        ".bss\n"
        ".balign 16\n"
        "block: .skip 32768\n"
        ".text\n"
        ".globl malloc\n"
        ".type malloc, @function\n"
        "malloc: cmpb $0, is_on(%rip)\n"
        "jne 1f\n"
        "jmp fresh\n"
        "1: lea block(%rip), %rax\n"
        "ret\n"
        ".size malloc, . - malloc\n"
        ".globl free\n"
        ".type free, @function\n"
        "free: ret\n"
        ".size free, . - free\n");

static char memory[1 << 20] __attribute__((aligned(16)));
static size_t used;

__attribute__((used)) void *fresh(size_t bytes) __asm__("fresh") __attribute__((visibility("hidden")));
void *fresh(size_t bytes) {
    size_t rounded = (bytes + 15) & ~(size_t)15;
    if (rounded > sizeof memory - used) return 0;
    used += rounded;
    return memory + used - rounded;
}

void *calloc(size_t count, size_t bytes) { return fresh(count * bytes); }

void *realloc(void *old, size_t bytes) {
    void *block = fresh(bytes);
    /* The old size is not known; what follows it is memory of ours too. */
    if (block && old) memmove(block, old, bytes);
    return block;
}
