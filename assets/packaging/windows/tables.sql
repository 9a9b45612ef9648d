-- What wixl cannot say: the statements for the tables of the package, one on a line, which .ci/package-windows carries out after wixl.
-- A setting is written only if it was given, now or at an installation before (64: asked again when the package is reinstalled).
UPDATE `Component` SET `Condition` = 'BASEURL', `Attributes` = 324 WHERE `Component` = 'BaseURL'
UPDATE `Component` SET `Condition` = 'ASID', `Attributes` = 324 WHERE `Component` = 'ASID'
UPDATE `Component` SET `Condition` = 'CERTTHUMBPRINT', `Attributes` = 324 WHERE `Component` = 'Thumbprint'
UPDATE `Component` SET `Condition` = 'PLATFORM', `Attributes` = 324 WHERE `Component` = 'Platform'
UPDATE `Component` SET `Condition` = 'CLIENTID', `Attributes` = 324 WHERE `Component` = 'ClientID'
-- AUTOSTART=1 chooses the feature.
CREATE TABLE `Condition` (`Feature_` CHAR(38) NOT NULL, `Level` SHORT NOT NULL, `Condition` CHAR(255) PRIMARY KEY `Feature_`, `Level`)
INSERT INTO `Condition` (`Feature_`, `Level`, `Condition`) VALUES ('Autostart', 1, 'AUTOSTART = "1"')
-- An upgrade replaces every version up to its own, both included (256 + 512): another build of the same version, too.
INSERT INTO `Upgrade` (`UpgradeCode`, `VersionMin`, `VersionMax`, `Attributes`, `ActionProperty`) VALUES ('{5D1C8F0A-6E43-4B0B-9B53-0E7C2C6B7A11}', '0.0.0', '@VERSION@', 768, 'OLDERVERSION')
-- What was given when the version before was installed counts where nothing is given now. After AppSearch (50), before CostFinalize (1000),
-- which asks the conditions of components.
INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('KeepBaseURL', 'NOT BASEURL AND KEPTBASEURL', 61)
INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('KeepASID', 'NOT ASID AND KEPTASID', 62)
INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('KeepThumbprint', 'NOT CERTTHUMBPRINT AND KEPTCERTTHUMBPRINT', 63)
INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('KeepAutostart', 'NOT AUTOSTART AND KEPTAUTOSTART', 64)
INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('KeepPlatform', 'NOT PLATFORM AND KEPTPLATFORM', 65)
INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('KeepClientID', 'NOT CLIENTID AND KEPTCLIENTID', 66)
-- The public properties that an installation by an ordinary user with an administrator's consent may hand on.
UPDATE `Property` SET `Value` = 'OLDERVERSION;NEWERVERSION;BASEURL;ASID;CERTTHUMBPRINT;PLATFORM;CLIENTID;AUTOSTART;KEPTBASEURL;KEPTASID;KEPTCERTTHUMBPRINT;KEPTPLATFORM;KEPTCLIENTID;KEPTAUTOSTART;SINCEWINDOWS10' WHERE `Property` = 'SecureCustomProperties'
-- A variable in the registry.
UPDATE `Registry` SET `Value` = '#%%SystemRoot%\System32\EventCreate.exe' WHERE `Registry` = 'EventMessages'
-- Commands are typed without the folder: it comes last in the computer's PATH (* the computer's, = set, - taken out at a removal).
CREATE TABLE `Environment` (`Environment` CHAR(72) NOT NULL, `Name` CHAR(255) NOT NULL LOCALIZABLE, `Value` CHAR(255) LOCALIZABLE, `Component_` CHAR(72) NOT NULL PRIMARY KEY `Environment`)
INSERT INTO `Environment` (`Environment`, `Name`, `Value`, `Component_`) VALUES ('SearchPath', '=-*PATH', '[~];[INSTALLDIR]', 'Program')
INSERT INTO `InstallExecuteSequence` (`Action`, `Sequence`) VALUES ('RemoveEnvironmentStrings', 3300)
INSERT INTO `InstallExecuteSequence` (`Action`, `Sequence`) VALUES ('WriteEnvironmentStrings', 5200)
-- A removal, before the files go. An upgrade removes the version before without them.
INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('SignOut', 'REMOVE="ALL" AND NOT UPGRADINGPRODUCTCODE', 1609)
INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('Forget', 'REMOVE="ALL" AND NOT UPGRADINGPRODUCTCODE', 1610)
-- Windows Installer compares the versions of files.
UPDATE `File` SET `Version` = '@VERSION@.0', `Language` = '2057' WHERE `File` = 'ers_login.exe'
UPDATE `File` SET `Version` = '@VERSION@.0', `Language` = '2057' WHERE `File` = 'ticketbridge.exe'
