// AES in every mode and the checksums, in a digest that is printed for comparison with another run. The known
// answers of NIST SP 800-38A (F.2.1, F.5.1) and RFC 3720 (B.4) are checked here.
import java.util.Random;
import java.util.zip.Adler32;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;
import java.util.zip.Checksum;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

public class Ciphers {
    static long sum = 1;

    static void add(byte[] bytes) {
        for (byte b : bytes) sum = sum * 1000003 + b;
    }

    static byte[] bytes(String hex) {
        byte[] bytes = new byte[hex.length() / 2];
        for (int i = 0; i < bytes.length; i++) bytes[i] = (byte) Integer.parseInt(hex.substring(2 * i, 2 * i + 2), 16);
        return bytes;
    }

    static void check(String what, boolean good) {
        if (good) return;
        System.err.println(what + " is wrong");
        System.exit(3);
    }

    static void known() throws Exception {
        SecretKeySpec key = new SecretKeySpec(bytes("2b7e151628aed2a6abf7158809cf4f3c"), "AES");
        byte[] text = bytes("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
        Cipher cbc = Cipher.getInstance("AES/CBC/NoPadding"), ctr = Cipher.getInstance("AES/CTR/NoPadding");
        cbc.init(Cipher.ENCRYPT_MODE, key, new IvParameterSpec(bytes("000102030405060708090a0b0c0d0e0f")));
        check("CBC", java.util.Arrays.equals(cbc.doFinal(text), bytes("7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2")));
        ctr.init(Cipher.ENCRYPT_MODE, key, new IvParameterSpec(bytes("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")));
        check("CTR", java.util.Arrays.equals(ctr.doFinal(text), bytes("874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff")));
        CRC32C crc = new CRC32C();
        crc.update(new byte[32]);
        Adler32 adler = new Adler32();
        adler.update("Wikipedia".getBytes(), 0, 9);
        check("Adler-32", adler.getValue() == 0x11e60398L);
        check("CRC-32C", crc.getValue() == 0x8a9136aaL);
    }

    static void mode(String name, Random random, int size) throws Exception {
        byte[] key = new byte[16 + 8 * random.nextInt(3)], iv = new byte[name.equals("GCM") ? 12 : 16], text = new byte[size];
        random.nextBytes(key);
        random.nextBytes(iv);
        if (random.nextBoolean()) java.util.Arrays.fill(iv, (byte) -1);
        random.nextBytes(text);
        SecretKeySpec spec = new SecretKeySpec(key, "AES");
        Cipher cipher = Cipher.getInstance("AES/" + name + "/NoPadding");
        byte[] secret = null;
        for (int way : new int[] {Cipher.ENCRYPT_MODE, Cipher.DECRYPT_MODE}) {
            if (name.equals("ECB"))
                cipher.init(way, spec);
            else if (name.equals("GCM"))
                cipher.init(way, spec, new GCMParameterSpec(128, iv));
            else
                cipher.init(way, spec, new IvParameterSpec(iv));
            byte[] in = way == Cipher.ENCRYPT_MODE ? text : secret;
            byte[] out = new byte[size + 64];
            int part = random.nextInt(in.length + 1);
            int n = cipher.update(in, 0, part, out, 0);
            n += cipher.doFinal(in, part, in.length - part, out, n);
            secret = java.util.Arrays.copyOf(out, n);
            add(secret);
        }
        check(name, java.util.Arrays.equals(secret, text));
    }

    // Single blocks.
    static void wrap(Random random) throws Exception {
        byte[] key = new byte[32], inner = new byte[24];
        random.nextBytes(key);
        random.nextBytes(inner);
        SecretKeySpec spec = new SecretKeySpec(key, "AES");
        Cipher cipher = Cipher.getInstance("AESWrap");
        cipher.init(Cipher.WRAP_MODE, spec);
        byte[] wrapped = cipher.wrap(new SecretKeySpec(inner, "AES"));
        add(wrapped);
        cipher.init(Cipher.UNWRAP_MODE, spec);
        check("unwrap", java.util.Arrays.equals(cipher.unwrap(wrapped, "AES", Cipher.SECRET_KEY).getEncoded(), inner));
    }

    static void sums(Random random, Checksum checksum) {
        byte[] bytes = new byte[random.nextInt(3000)];
        random.nextBytes(bytes);
        checksum.update(bytes, 0, bytes.length / 3);
        checksum.update(bytes, bytes.length / 3, bytes.length - bytes.length / 3);
        sum = sum * 1000003 + checksum.getValue();
    }

    static String run(int rounds) throws Exception {
        Random random = new Random(rounds);
        known();
        for (int n = 0; n < rounds; n++) {
            for (String name : new String[] {"ECB", "CBC"}) mode(name, random, 16 * random.nextInt(60));
            for (String name : new String[] {"CTR", "GCM"}) mode(name, random, random.nextInt(900));
            wrap(random);
            sums(random, new CRC32());
            sums(random, new CRC32C());
            sums(random, new Adler32());
        }
        return "sum " + sum;
    }

    public static void main(String[] arguments) throws Exception {
        System.out.println(run(Integer.parseInt(arguments[0])));
    }
}
