import '../elements/lc-button';
